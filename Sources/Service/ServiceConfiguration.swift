package import Emotion
package import Foundation
package import HTTP

/// Where the service keeps its data, where it listens, and what it bounds.
package struct ServiceConfiguration: Sendable {
    /// Holds the database and all files, and nothing that is not ours; made when it is not there.
    package var dataDirectory: URL
    /// Numbered SQL files.
    package var migrations: URL
    /// The dashboard, served below `/`.
    package var publicDirectory: URL
    /// Started as `executable worker` for each job, as it is when the service starts: it is held open.
    package var workerExecutable: String
    /// Where it listens, and the bounds of connections; the time to drain is worked out from ``drainTimeout``.
    package var server = ServerConfiguration()
    /// Jobs that run at a time.
    package var slots = 1
    /// Threads of the engine in the server, for predictions.
    package var threads: Int
    /// Threads of the engine in each worker.
    package var trainingThreads: Int
    /// Words in front of the command line of a worker.
    package var launcher: [String] = []
    /// How much workers yield to other processes, from 0 to 19.
    package var workerNiceness = 10
    /// The most memory of a worker, in bytes, beside the files of the data set; nil for what the machine has.
    package var workerMemory: Int?
    /// How long a worker may give no sign of life before it is ended; it gives one every five seconds.
    package var stallLimit: Duration = .seconds(60)
    /// How long jobs stay after they are over; nil for ever.
    package var keepsJobs: Duration?
    /// The largest file of a split, in bytes.
    package var maxUploadSize = 32 << 30
    /// The largest body of a prediction, in bytes.
    package var maxPredictSize = 64 << 20
    /// The most units of a clip to predict, over all modalities. Time grows with its square.
    package var maxClipUnits = 4096
    /// The most predictions under way; who asks for more is told to come again.
    package var maxPredictions = 256
    /// Numbers that products of predictions multiply; nil for those of each model's training.
    package var precision: PredictionPrecision?
    /// What the weights of the models in memory may take, in bytes.
    package var modelMemory = 4 << 30
    /// Whether `/` answers every method with the body of the request, to try the server as such.
    package var echoes = false
    /// Names that the server answers to besides those of loopback.
    package var allowedHosts: [String] = []
    /// Whether everyone may ask for everything while no key holds, beyond loopback and where there have been keys too.
    package var allowsAnonymous = false
    /// Requests a minute of each key that has no limit of its own; nil for any number.
    package var rateLimit: Int?
    /// Origins whose pages may read answers, or `*` for all.
    package var corsOrigins: [String] = []
    /// For which a service that is to stop still takes requests, so that a balancer learns that it is not ready any more.
    package var shutdownDelay: Duration = .seconds(1)
    /// For requests under way to finish after that, and for workers to end, together.
    package var drainTimeout: Duration = .seconds(8)

    package init(
        dataDirectory: URL,
        migrations: URL,
        publicDirectory: URL,
        workerExecutable: String,
        threads: Int = ProcessInfo.processInfo.activeProcessorCount,
        trainingThreads: Int = ProcessInfo.processInfo.activeProcessorCount
    ) {
        self.dataDirectory = dataDirectory
        self.migrations = migrations
        self.publicDirectory = publicDirectory
        self.workerExecutable = workerExecutable
        self.threads = threads
        self.trainingThreads = trainingThreads
    }
}
