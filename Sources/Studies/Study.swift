package import Emotion
/// Trainings to be compared: cells that differ in hyperparameters, over the same data and seeds.
package struct Study: Sendable {
    /// One variant of the model or of its training.
    package struct Cell: Sendable, Equatable {
        package let name: String
        /// What a reader of the results should know about it.
        package let comment: String?
        /// What sets it apart from the others, on top of what all cells share.
        package let settings: [String: HyperparameterValue]
        package let hyperparameters: Hyperparameters
    }

    /// The experiments of the paper.
    package enum Published: String, Sendable, CaseIterable {
        /// Table 2: the model without each of its parts.
        case table2
        /// Figure 4 (a): the share of units that ATM masks.
        case maskRatio = "mask-ratio"
        /// Figure 4 (b): the modules that APP perturbs.
        case appModules = "app-modules"
        /// Figure 5: loss and micro F1 by epoch, with and without ATM and APP.
        case trainingCurves = "training-curves"
    }

    /// Nil for cells of a user's own.
    package let published: Published?
    /// What every cell starts from.
    package let base: Hyperparameters
    /// At least one, of distinct names. The first is what the others are compared with.
    package let cells: [Cell]

    /// - Precondition: there are cells, of distinct names.
    package init(published: Published? = nil, base: Hyperparameters, cells: [Cell]) {
        precondition(!cells.isEmpty && Set(cells.map(\.name)).count == cells.count, "cells have distinct names")
        self.published = published
        self.base = base
        self.cells = cells
    }

    package var name: String { published?.rawValue ?? "cells" }

    /// Whether the training split is evaluated after every epoch too.
    var measuresTraining: Bool { published == .trainingCurves }

    /// Checks that every cell can be trained on that data.
    package func check(labels: [String], modalities: [Modality]) throws(CellError) {
        for cell in cells {
            let configuration = ModelConfiguration(
                labels: labels, modalities: modalities, hyperparameters: cell.hyperparameters)
            if let fault = configuration.fault {
                throw CellError(cell: cell.name, field: fault.field, reason: fault.reason)
            }
        }
    }
}

extension Study.Cell {
    /// - Throws: ``CellError`` with the first of the settings that is wrong.
    package init(
        _ name: String,
        _ settings: [String: HyperparameterValue] = [:],
        comment: String? = nil,
        base: Hyperparameters
    ) throws(CellError) {
        do throws(HyperparameterErrors) {
            hyperparameters = try base.setting(settings)
        } catch {
            throw CellError(cell: name, field: error.errors[0].name, reason: error.errors[0].reason)
        }
        self.name = name
        self.comment = comment
        self.settings = settings
    }
}

/// A cell of a study that cannot be trained.
package struct CellError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Its name, or the number of its entry where it has none.
    package let cell: String
    package let field: String
    package let reason: String

    package var description: String { "cell \(cell): \(field): \(reason)" }
}
