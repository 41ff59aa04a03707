/// The course of one metric of a job.
package struct MetricSeries: Sendable, Equatable {
    package struct Point: Sendable, Equatable {
        package var step: Int
        /// nil where the measurement was not a finite number.
        package var value: Double?

        package init(step: Int, value: Double?) {
            self.step = step
            self.value = value
        }
    }

    package var name: String
    /// In the order of their steps.
    package var points: [Point]

    package init(name: String, points: [Point]) {
        self.name = name
        self.points = points
    }
}
