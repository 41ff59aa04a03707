package import Emotion

extension Study {
    /// A hyperparameter of a grid.
    package struct Axis: Sendable, Equatable {
        package let name: String
        /// At least one, of distinct ``HyperparameterValue/label``.
        package let values: [HyperparameterValue]

        package init(_ name: String, _ values: [HyperparameterValue]) {
            self.name = name
            self.values = values
        }
    }

    /// A cell of a grid, before it is checked.
    package typealias Combination = (name: String, settings: [String: HyperparameterValue])

    /// Every combination of the values of a grid, named like `mask_ratio=0.2, app=off`; the last axis runs fastest.
    package static func grid(_ axes: [Axis]) -> [Combination] {
        (0..<axes.reduce(1) { $0 * $1.values.count }).map { cell in
            let settings = zip(axes, place(ofCell: cell, in: axes)).map { ($0.name, $0.values[$1]) }
            return (
                settings.map { "\($0)=\($1.label)" }.joined(separator: ", "), Dictionary(uniqueKeysWithValues: settings)
            )
        }
    }

    /// Which value of each axis a cell of a grid has.
    package static func place(ofCell cell: Int, in axes: [Axis]) -> [Int] {
        var rest = cell
        let place = axes.reversed().map { axis in
            defer { rest /= axis.values.count }
            return rest % axis.values.count
        }
        return place.reversed()
    }
}

extension HyperparameterValue {
    /// The value as the name of a cell has it.
    package var label: String {
        switch self {
        case .string(let word): word
        case .list(let words): words.joined(separator: "+")
        case .number, .boolean: description
        }
    }
}
