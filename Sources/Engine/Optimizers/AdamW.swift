import CKernels
import Foundation

/// Adam with decoupled weight decay (Loshchilov & Hutter 2019, algorithm 2) over one flat buffer. It holds the moments,
/// which every step changes in place.
package final class AdamW {
    private let weightDecay: Float
    private let beta1: Float = 0.9
    private let beta2: Float = 0.999
    private let epsilon: Float = 1e-8
    private let count: Int
    private let firstMoment: Storage
    private let secondMoment: Storage
    /// Steps taken so far.
    package private(set) var steps = 0

    package init(layout: ParameterLayout, weightDecay: Float) {
        self.weightDecay = weightDecay
        count = layout.count
        firstMoment = Storage(zeros: layout.count)
        secondMoment = Storage(zeros: layout.count)
    }

    /// An optimizer that has taken `steps` steps.
    ///
    /// - Parameter moments: gives those of each parameter in row-major order.
    package convenience init(
        layout: ParameterLayout, weightDecay: Float, steps: Int,
        moments: (Parameter) throws -> (first: [Float], second: [Float])
    ) rethrows {
        self.init(layout: layout, weightDecay: weightDecay)
        self.steps = steps
        for parameter in layout.parameters {
            let (first, second) = try moments(parameter)
            precondition(
                first.count == parameter.count && second.count == parameter.count,
                "\(parameter.name) has \(first.count) and \(second.count) moments")
            (firstMoment.pointer + parameter.offset).update(from: first, count: parameter.count)
            (secondMoment.pointer + parameter.offset).update(from: second, count: parameter.count)
        }
    }

    /// The moments of the gradient of a parameter, which the next step changes.
    package func moments(
        _ parameter: Parameter
    ) -> (first: UnsafeBufferPointer<Float>, second: UnsafeBufferPointer<Float>) {
        let (first, second) = (firstMoment.pointer + parameter.offset, secondMoment.pointer + parameter.offset)
        return (
            UnsafeBufferPointer(start: first, count: parameter.count),
            UnsafeBufferPointer(start: second, count: parameter.count)
        )
    }

    /// Whether the moments are all finite. The second one overflows where a gradient is beyond about 6·10²⁰, and from
    /// then on the update of its parameter is 0.
    package var isFinite: Bool {
        [firstMoment, secondMoment].allSatisfy { Elementwise.isFinite($0.pointer, count: count) }
    }

    /// Changes `parameters` in place by one step along `gradients`.
    package func step(_ parameters: Parameters, _ gradients: Gradients, learningRate: Float) {
        steps += 1
        let correction1 = Float(1 - pow(Double(beta1), Double(steps)))
        let correction2 = Float(1 - pow(Double(beta2), Double(steps)))
        Elementwise.forEachChunk(parameters.layout.count) { range in
            let start = range.lowerBound
            ck_adamw(
                parameters.start + start, gradients.start + start, firstMoment.pointer + start,
                secondMoment.pointer + start, range.count, learningRate, beta1, beta2, epsilon, weightDecay,
                correction1, correction2)
        }
    }
}
