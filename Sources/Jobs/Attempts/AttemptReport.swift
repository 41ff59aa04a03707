package import Foundation

/// What an attempt has to say while it runs, to be written down together.
package struct AttemptReport: Sendable, Equatable {
    package struct Event: Sendable, Equatable {
        package var kind: String
        /// A JSON object.
        package var document: Data

        package init(kind: String, document: Data) {
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

    package init(progress: JobProgress? = nil, events: [Event] = [], metrics: [Metric] = []) {
        self.progress = progress
        self.events = events
        self.metrics = metrics
    }

    var isEmpty: Bool {
        progress == nil && events.isEmpty && metrics.isEmpty
    }
}
