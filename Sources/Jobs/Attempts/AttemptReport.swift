package import Foundation

/// What an attempt has to say while it runs, to be written down together.
package struct AttemptReport: Sendable, Equatable {
    package struct Event: Sendable, Equatable {
        /// Its position in the history of the training, 1, 2, 3, …, the same however often it is told; nil for an event of
        /// the attempt itself.
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

    /// A training that can go on, in a file that is on the disk.
    package struct Checkpoint: Sendable, Equatable {
        /// Of the file, in the folder that the attempt was given for them.
        package var name: String
        /// Optimizer steps done.
        package var step: Int
        /// Epochs done.
        package var epoch: Int
        /// Of the file, `sha256:…`.
        package var digest: String
        package var byteCount: Int64

        package init(name: String, step: Int, epoch: Int, digest: String, byteCount: Int64) {
            self.name = name
            self.step = step
            self.epoch = epoch
            self.digest = digest
            self.byteCount = byteCount
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
    /// In the order in which they were written.
    package var checkpoints: [Checkpoint]

    package init(
        progress: JobProgress? = nil,
        events: [Event] = [],
        metrics: [Metric] = [],
        checkpoints: [Checkpoint] = []
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
