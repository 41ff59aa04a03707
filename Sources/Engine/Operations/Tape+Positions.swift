import CKernels
import Foundation

/// What tells the units of a clip apart by their place in it.
extension Tape {
    /// Adds to each row the row of `table` of its place in the clip; units beyond the table share its last row.
    ///
    /// - Parameters:
    ///   - x: [rows, width]
    ///   - table: [places, width]
    package func addPositions(_ table: Parameter, to x: Variable, _ segments: Segments) -> Variable {
        let (places, width) = (table.shape[0], table.shape[1])
        let y = Self.copy(of: x.value)
        for clip in 0..<segments.count {
            for (place, row) in segments[clip].enumerated() {
                ck_add(parameters.pointer(table) + min(place, places - 1) * width, y.pointer + row * width, width)
            }
        }
        return record(y) { [x = x.place] gradient, pass in
            for clip in 0..<segments.count {
                for (place, row) in segments[clip].enumerated() {
                    ck_add(
                        gradient.pointer + row * width,
                        pass.gradients.pointer(table) + min(place, places - 1) * width, width)
                }
            }
            pass.accumulate(gradient, to: x)
        }
    }

    /// Adds sines and cosines of the place: column 2i gets sin(place / 10000^(2i/width)), column 2i + 1 the cosine
    /// (Vaswani et al. 2017, section 3.5).
    package func addSinusoids(to x: Variable, _ segments: Segments) -> Variable {
        let width = x.columns
        let y = Self.copy(of: x.value)
        let rates = (0..<width).map { pow(10_000, -Double($0 / 2 * 2) / Double(width)) }
        for clip in 0..<segments.count {
            for (place, row) in segments[clip].enumerated() {
                for column in 0..<width {
                    let angle = Double(place) * rates[column]
                    y.pointer[row * width + column] += Float(column % 2 == 0 ? sin(angle) : cos(angle))
                }
            }
        }
        return record(y) { [x = x.place] gradient, pass in pass.accumulate(gradient, to: x) }
    }

    private static func copy(of x: Tensor) -> Tensor {
        let y = Tensor(uninitialized: x.shape)
        y.pointer.update(from: x.pointer, count: x.count)
        return y
    }
}
