package import Foundation

/// What an attempt has to say while it runs, to be written down together.
package struct AttemptReport: Sendable, Equatable {
    package struct Event: Sendable, Equatable {
        /// Its place in the history of the training, counted from 1; nil for what belongs to the attempt alone.
        package var number: Int?
        package var kind: String
        /// A JSON object.
        package var document: Data

        package init(number: Int? = nil, kind: String, document: Data) {
            self.number = number
            self.kind = kind
            self.document = document
        }
    }

    package struct Metric: Sendable, Equatable {
        package var name: String
        package var step: Int
        /// NaN and infinities are stored as NULL.
        package var value: Double

        package init(name: String, step: Int, value: Double) {
            self.name = name
            self.step = step
            self.value = value
        }
    }

    package var progress: JobProgress?
    package var events: [Event]
    package var metrics: [Metric]
    /// In the order in which they were made. What was told before one is in this report or in an
    /// earlier one.
    package var checkpoints: [WorkerMessage.Checkpoint]

    package init(
        progress: JobProgress? = nil, events: [Event] = [], metrics: [Metric] = [],
        checkpoints: [WorkerMessage.Checkpoint] = []
    ) {
        self.progress = progress
        self.events = events
        self.metrics = metrics
        self.checkpoints = checkpoints
    }

    var isEmpty: Bool {
        progress == nil && events.isEmpty && metrics.isEmpty && checkpoints.isEmpty
    }
}
