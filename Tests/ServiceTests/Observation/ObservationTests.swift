import Emotion
import HTTPTypes
import Testing

@testable import Service

struct ObservationTests {
    private func samples(_ service: TestService) async throws -> [String: Double] {
        let reply = try await service.get("/metrics")
        #expect(reply.status == 200 && reply.fields[.contentType] == PrometheusText.mediaType)
        var samples: [String: Double] = [:]
        for line in String(decoding: reply.bytes, as: UTF8.self).split(separator: "\n") where !line.hasPrefix("#") {
            let words = line.split(separator: " ")
            samples[words.dropLast().joined(separator: " ")] = words.last.flatMap { Double($0) }
        }
        return samples
    }

    @Test func countsWhatPredictionsTake() async throws {
        let service = try TestService.make()
        try await service.makeModel()
        let clip = #"{"audio": [[1, 2], [0, 1]], "text": [[1, 2, 3]]}"#
        for clips in [[clip], [clip, clip, clip]] {
            let reply = try await service.post(
                "/v1/models/emo/predict", #"{"clips": [\#(clips.joined(separator: ","))]}"#)
            let stages = try #require(reply.fields[.serverTiming]).split(separator: ",").map {
                $0.split(separator: ";")[0].filter { $0 != " " }
            }
            #expect(stages == ["decode", "queue", "compute", "encode"])
        }
        let samples = try await samples(service)
        for stage in ["decode", "queue", "compute", "encode"] {
            let name = "limbic_prediction_stage_duration_seconds"
            #expect(samples["\(name)_count{stage=\"\(stage)\"}"] == 2)
            #expect(samples["\(name)_bucket{stage=\"\(stage)\",le=\"+Inf\"}"] == 2)
        }
        #expect(samples["limbic_prediction_batch_clips_bucket{le=\"1.0\"}"] == 1)
        #expect(samples["limbic_prediction_batch_clips_bucket{le=\"4.0\"}"] == 2)
        #expect(samples["limbic_prediction_batch_clips_sum"] == 4)
        #expect(samples["limbic_prediction_batch_units_sum"] == 12)
        #expect(samples["limbic_prediction_queue_requests"] == 0 && samples["limbic_predictions"] == 0)
        #expect(samples["limbic_models_loaded"] == 1)
        #expect(samples["limbic_model_weights_bytes"] ?? 0 > 1000)
    }

    @Test func countsJobsAndWhatTheProcessTakes() async throws {
        let service = try TestService.make()
        let dataset = try await service.makeSyntheticDataset(clips: [.train: 8, .valid: 4])
        for _ in 1...2 {
            let reply = try await service.post("/v1/jobs", #"{"dataset": "\#(dataset)", "model": "emo"}"#)
            #expect(reply.status == 201 && reply.fields[.serverTiming]?.hasPrefix("total;dur=") == true)
        }
        let samples = try await samples(service)
        #expect(samples["limbic_jobs{state=\"queued\"}"] == 2 && samples["limbic_jobs{state=\"failed\"}"] == 0)
        #expect(samples["limbic_training_clips_per_second"] == 0)
        #expect(samples["process_resident_memory_bytes"] ?? 0 > 1e6)
        #expect(samples["process_open_fds"] ?? 0 > 3 && samples["process_cpu_seconds_total"] ?? 0 > 0)
        let start = samples["process_start_time_seconds"] ?? 0
        #expect(start > 1.7e9)
    }
}
