package import Emotion
import Foundation
import JSON

/// Trains the cells of a study on one data set, which it holds in memory.
package struct StudyTraining {
    /// Where a run is saved while it is under way, to go on from there.
    package struct Checkpoints {
        let path: String
        let policy: CheckpointPolicy
        /// What to end the run with as soon as it is saved, nil to go on.
        let stop: () -> (any Error)?
        let warn: (String) -> Void

        package init(
            path: String, policy: CheckpointPolicy, stop: @escaping () -> (any Error)?, warn: @escaping (String) -> Void
        ) {
            self.path = path
            self.policy = policy
            self.stop = stop
            self.warn = warn
        }
    }

    /// The course of a run, as it is kept with the state of its training.
    private struct Course: Codable {
        var epochs: [StudyRun.Epoch] = []
        /// L_r of the steps of the epoch under way.
        var losses: [Double] = []
    }

    package let data: StudyData
    private let train: Clips
    private let validation: Clips
    private let test: Clips

    /// - Throws: ``DatasetError`` when one of the three splits is missing or cannot be read.
    package init(_ dataset: DatasetDirectory) throws {
        train = try dataset.read(.train).clips
        validation = try dataset.read(.valid).clips
        test = try dataset.read(.test).clips
        var fingerprint = Fingerprint()
        for clips in [train, validation, test] { fingerprint.add(clips) }
        data = StudyData(
            name: dataset.name,
            labels: dataset.labels,
            modalities: dataset.modalities,
            train: train.count,
            validation: validation.count,
            test: test.count,
            fingerprint: fingerprint.text
        )
    }

    /// Trains a cell and measures the epoch that was kept on the test split.
    ///
    /// - Parameters:
    ///   - checkpoints: where the run goes on from, if there is something; nil for a run that is not saved.
    ///   - observe: see ``Training``.
    /// - Throws: what `observe` throws and `stop` returns, `TrainingStateError` when a checkpoint is of another training, and ``TrainingError`` and ``StudyError`` when a split cannot be computed.
    package func run(
        _ cell: Study.Cell,
        of study: Study,
        seed: UInt64,
        checkpoints: Checkpoints? = nil,
        observe: (Training.Event) throws -> Void
    ) throws -> StudyRun.Outcome {
        let training = Training(
            configuration: ModelConfiguration(
                labels: data.labels, modalities: data.modalities, hyperparameters: cell.hyperparameters),
            train: train,
            validation: validation,
            seed: seed
        )
        var course = Course()
        var trainingMicroF1: Double?
        var directory = checkpoints.map { CheckpointDirectory(path: $0.path, of: training, policy: $0.policy) }
        let start = try directory?.newest { checkpoints?.warn("\($0); it is passed over") }
        if let notes = start?.notes { course = try JSONReader.decode(Course.self, from: Data(notes.utf8)) }
        let model: Model
        do {
            model = try training.run(from: start) { event in
                switch event {
                case .step(let step): course.losses.append(Double(step.outcome.losses.recognition))
                case .epoch(_, _, let metrics, _):
                    course.epochs.append(
                        StudyRun.Epoch(
                            loss: course.losses.reduce(0, +) / Double(course.losses.count),
                            validationMicroF1: metrics.microF1,
                            trainingMicroF1: trainingMicroF1
                        ))
                    course.losses = []
                case .stoppedEarly: break
                }
                try observe(event)
            } inspect: { model in
                if study.measuresTraining { trainingMicroF1 = model.evaluate(train).microF1 }
            } checkpoint: { state in
                guard let checkpoints else { return }
                try directory?.offer(
                    state, notes: { String(decoding: try JSONEncoder().encode(course), as: UTF8.self) },
                    stop: checkpoints.stop(), warn: checkpoints.warn)
            }
        } catch TrainingError.diverged(let step) {
            return .diverged(.init(seed: seed, step: step))
        }
        let metrics = model.evaluate(test)
        if metrics.counting?.isMeaningless == true {
            throw StudyError.notComputable(cell: cell.name, clips: test.count)
        }
        guard let summary = model.configuration.training, let bestEpoch = summary.bestEpoch,
            let validation = summary.validation
        else { preconditionFailure("a trained model says how") }
        return .finished(
            StudyRun.Result(
                seed: seed,
                bestEpoch: bestEpoch,
                seconds: summary.seconds,
                validation: validation,
                test: metrics,
                epochs: course.epochs
            ))
    }
}
