import FoundationEssentials
import Importing
import Measurements
import Statistics
import TestSupport
import Testing

/// A file a real tool wrote, and what its import must give.
struct Sample: Sendable, CustomTestStringConvertible {
    let file: String
    let format: InputFormat
    let runs: Int
    var measurements = 0
    var failed = 0

    var testDescription: String { file }

    func imported() throws -> Imported { try importing(path: SharedData.path("samples/" + file)) }

    static let all: [Sample] = [
        Sample(file: "guidellm/concurrent8.json", format: .guidellm, runs: 1, measurements: 40),
        Sample(file: "guidellm/concurrent8.yaml", format: .guidellm, runs: 1, measurements: 40),
        Sample(file: "guidellm/concurrent8.csv", format: .guidellmTable, runs: 1),
        Sample(file: "guidellm/poisson15_errors.json", format: .guidellm, runs: 1, measurements: 60, failed: 12),
        Sample(file: "guidellm/poisson15_errors.csv", format: .guidellmTable, runs: 1),
        Sample(file: "aiperf/concurrent8_httptrace/profile_export.jsonl", format: .aiperfRecords, runs: 1, measurements: 40),
        Sample(file: "aiperf/concurrent8_httptrace/profile_export_aiperf.json", format: .aiperf, runs: 1),
        Sample(file: "aiperf/concurrent8_httptrace/profile_export_aiperf.csv", format: .aiperfTable, runs: 1),
        Sample(file: "aiperf/poisson15_errors/profile_export_aiperf.json", format: .aiperf, runs: 1),
        Sample(file: "aiperf/poisson15_errors/profile_export_aiperf.csv", format: .aiperfTable, runs: 1),
        Sample(file: "aiperf/poisson15_errors/profile_export_aiperf_timeslices.json", format: .aiperfTimeslices, runs: 4),
        Sample(file: "aiperf/poisson15_errors/profile_export_aiperf_timeslices.csv", format: .aiperfTimesliceTable, runs: 4),
        Sample(file: aggregate(2) + ".json", format: .aiperfAggregate, runs: 1),
        Sample(file: aggregate(8) + ".json", format: .aiperfAggregate, runs: 1),
        Sample(file: aggregate(16) + ".json", format: .aiperfAggregate, runs: 1),
        Sample(file: aggregate(2) + ".csv", format: .aiperfAggregateTable, runs: 1),
        Sample(file: aggregate(8) + ".csv", format: .aiperfAggregateTable, runs: 1),
        Sample(file: aggregate(16) + ".csv", format: .aiperfAggregateTable, runs: 1),
        Sample(file: sweep + ".json", format: .aiperfSweep, runs: 3),
        Sample(file: sweep + ".csv", format: .aiperfSweepTable, runs: 3),
        Sample(file: "vllm_bench/concurrency8_detailed.json", format: .vllmBench, runs: 1, measurements: 40),
        Sample(file: "vllm_bench/poisson15_default.json", format: .vllmBench, runs: 1, measurements: 40),
        Sample(file: "vllm_bench/poisson15_errors_detailed.json", format: .vllmBench, runs: 1, measurements: 60, failed: 12),
        Sample(file: "vllm_bench/real_vllm_c1.json", format: .vllmBench, runs: 1, measurements: 10),
        Sample(file: "vllm_bench/real_vllm_c32.json", format: .vllmBench, runs: 1, measurements: 128),
        Sample(file: "sglang_bench/py_concurrency8_details.jsonl", format: .sglangBench, runs: 1, measurements: 40),
        Sample(file: "sglang_bench/rust_concurrency8_details.jsonl", format: .sglangBench, runs: 1, measurements: 40),
        Sample(file: "sglang_bench/py_rate15.jsonl", format: .sglangBench, runs: 1),
        Sample(file: perf + "stage_0_lifecycle_metrics.json", format: .inferencePerf, runs: 1),
        Sample(file: perf + "summary_lifecycle_metrics.json", format: .inferencePerf, runs: 1),
        Sample(file: perf + "per_request_lifecycle_metrics.first6_of_80.json", format: .inferencePerfRequests, runs: 1, measurements: 6),
        Sample(file: perf + "inference-perf.partial.stage_0.yaml", format: .benchmarkReport, runs: 1),
        Sample(file: "llmperf/mock_200_32_summary.json", format: .llmperf, runs: 1),
        Sample(file: "llmperf/mock_200_32_individual_responses.json", format: .llmperfResponses, runs: 1, measurements: 40),
        Sample(file: "hey_wrk/hey_c8.csv", format: .hey, runs: 1, measurements: 200),
    ]

    private static let perf = "inference_perf/concurrent8/reports/"
    private static let sweep = "aiperf/sweep_2runs/aggregate/sweep_aggregate/profile_export_aiperf_sweep"
    private static func aggregate(_ concurrency: Int) -> String {
        "aiperf/sweep_2runs/aggregate/concurrency_\(concurrency)/profile_export_aiperf_aggregate"
    }
}

@Suite("Files of real tools", .enabled(if: SharedData.isPresent, "needs ../shared"))
struct SampleTests {
    @Test("every sample is recognised and imported whole", arguments: Sample.all)
    func imports(sample: Sample) throws {
        let imported = try sample.imported()
        #expect(imported.source.format == sample.format)
        #expect(imported.source.runs.count == sample.runs)
        #expect(imported.measurements.count == sample.measurements)
        #expect(imported.measurements.count { !$0.succeeded } == sample.failed)
        #expect(imported.source.skipped.map(\.description) == [])
        #expect(Set(imported.measurements.map(\.id)).count == imported.measurements.count)
        #expect(imported.measurements.allSatisfy { $0.notFinite.isEmpty })
    }

    @Test("no importable sample is left out of these tests")
    func allSamples() throws {
        let folder = SharedData.path("samples")
        let excluded: Set = ["inputs.json", "cfg.yml", "config.yaml", "validation.json"]
        let importable = try FileManager.default.subpathsOfDirectory(atPath: folder).filter { path in
            let name = String(path.split(separator: "/").last ?? "")
            let kind = String(name.split(separator: ".").last ?? "")
            let isOther =
                path.hasPrefix("engine_metrics/") || path.hasPrefix("sse_streams/") || excluded.contains(name)
                || name.contains("run_config")
            return ["json", "jsonl", "csv", "yaml"].contains(kind) && !isOther
        }
        #expect(Set(importable) == Set(Sample.all.map(\.file)))
    }

    @Test("a sample that is cut off is read in part or refused, never a crash", arguments: Sample.all)
    func truncated(sample: Sample) throws {
        let bytes = try [UInt8](Data(contentsOf: URL(filePath: SharedData.path("samples/" + sample.file))))
        for part in 1..<8 {
            do {
                let imported = try importing(bytes.prefix(bytes.count * part / 8))
                #expect(imported.measurements.count <= sample.measurements)
            } catch let error as ImportError {
                #expect(error.kind == .malformed || error.kind == .unknownFormat || error.kind == .wrongFormat, "\(error)")
            }
        }
    }

    /// Where one file has both, the tool's own figures are the check of ours.
    @Test(
        "what we compute from raw requests agrees with the tool's own summary",
        arguments: Sample.all.filter { [.guidellm, .vllmBench, .sglangBench].contains($0.format) && $0.measurements > 0 })
    func rawAgreesWithOwnSummary(sample: Sample) throws {
        let imported = try sample.imported()
        let run = try #require(imported.source.runs.first)
        #expect(!run.reported.latencies.isEmpty)
        for metric in [LatencyMetric.timeToFirstToken, .timePerOutputToken, .interTokenLatency, .endToEnd] {
            guard let reported = run.reported.latencies[metric], let own = imported.summary(metric) else { continue }
            expectAgreement(own, reported, imported.values(metric), "\(sample.file) \(metric)")
        }
        #expect(agree(Double(imported.measurements.count { $0.succeeded }) / (run.duration?.seconds ?? 0), run.reported.requestsPerSecond))
    }

    @Test(
        "what we compute from raw requests agrees with the summary the tool wrote into another file",
        arguments: [
            ("aiperf/concurrent8_httptrace/profile_export.jsonl", "aiperf/concurrent8_httptrace/profile_export_aiperf.json"),
            ("llmperf/mock_200_32_individual_responses.json", "llmperf/mock_200_32_summary.json"),
        ])
    func rawAgreesWithOtherFile(raw: String, summary: String) throws {
        let own = try importing(path: SharedData.path("samples/" + raw))
        let run = try #require(try importing(path: SharedData.path("samples/" + summary)).source.runs.first)
        var compared = 0
        for metric in [LatencyMetric.timeToFirstToken, .timePerOutputToken, .interTokenLatency, .endToEnd] {
            guard let reported = run.reported.latencies[metric], let summary = own.summary(metric) else { continue }
            expectAgreement(summary, reported, own.values(metric), "\(raw) \(metric)")
            compared += 1
        }
        #expect(compared >= 2)
        #expect(own.source.runs.first?.completed == run.completed)
        if let duration = own.source.runs.first?.duration?.seconds {
            #expect(agree(Double(own.measurements.count) / duration, run.reported.requestsPerSecond))
        }
    }

    @Test(
        "the same figures in two files of a tool are the same to us",
        arguments: [
            ("guidellm/concurrent8.json", "guidellm/concurrent8.yaml", 1e-9),
            ("guidellm/concurrent8.json", "guidellm/concurrent8.csv", 1e-9),
            ("guidellm/poisson15_errors.json", "guidellm/poisson15_errors.csv", 1e-9),
            ("aiperf/poisson15_errors/profile_export_aiperf.json", "aiperf/poisson15_errors/profile_export_aiperf.csv", 0.01),
            (
                "aiperf/poisson15_errors/profile_export_aiperf_timeslices.json",
                "aiperf/poisson15_errors/profile_export_aiperf_timeslices.csv", 0.01
            ),
            (
                "aiperf/sweep_2runs/aggregate/sweep_aggregate/profile_export_aiperf_sweep.json",
                "aiperf/sweep_2runs/aggregate/sweep_aggregate/profile_export_aiperf_sweep.csv", 0.01
            ),
            (
                "aiperf/sweep_2runs/aggregate/concurrency_8/profile_export_aiperf_aggregate.json",
                "aiperf/sweep_2runs/aggregate/concurrency_8/profile_export_aiperf_aggregate.csv", 0.01
            ),
            (
                "inference_perf/concurrent8/reports/stage_0_lifecycle_metrics.json",
                "inference_perf/concurrent8/reports/inference-perf.partial.stage_0.yaml", 1e-9
            ),
        ])
    func sameFigures(one: String, other: String, tolerance: Double) throws {
        let first = try importing(path: SharedData.path("samples/" + one)).source.runs
        let second = try importing(path: SharedData.path("samples/" + other)).source.runs
        try #require(first.count == second.count)
        for (left, right) in zip(first, second) {
            // aiperf's CSV leaves connection times out.
            #expect(Set(left.reported.latencies.keys).subtracting([.network]) == Set(right.reported.latencies.keys).subtracting([.network]))
            for (metric, summary) in left.reported.latencies where metric != .network {
                let twin = try #require(right.reported.latencies[metric])
                #expect(agree(twin.mean, summary.mean, within: tolerance), "\(other) \(metric) mean")
                for level in [Percentile.p50, .p95, .p99] {
                    #expect(agree(twin.value(at: level), summary.value(at: level), within: tolerance), "\(other) \(metric) \(level)")
                }
            }
            #expect(agree(right.reported.requestsPerSecond, left.reported.requestsPerSecond, within: tolerance))
            #expect(agree(right.reported.outputTokensPerSecond, left.reported.outputTokensPerSecond, within: tolerance))
        }
    }

    /// Means agree within 1 %. Percentiles agree within 1 % when computed as the tool computes them, by linear interpolation; ours, by
    /// nearest rank, are one of the two values between which the tool interpolates.
    private func expectAgreement(_ own: Summary, _ reported: Summary, _ values: [Double], _ what: String) {
        #expect(agree(own.mean, reported.mean), "\(what) mean: \(own.mean ?? .nan), reported \(reported.mean ?? .nan)")
        let sorted = values.sorted()
        for level in [Percentile.p50, .p95, .p99] {
            guard let expected = reported.value(at: level) else { continue }
            let position = level.fraction * Double(sorted.count - 1)
            let (below, above) = (sorted[Int(position)], sorted[min(Int(position) + 1, sorted.count - 1)])
            let interpolated = below + (above - below) * (position - position.rounded(.down))
            let value = own.value(at: level) ?? .nan
            #expect(agree(interpolated, expected) || agree(value, expected), "\(what) \(level): \(interpolated), reported \(expected)")
            #expect(agree(value, expected) || value == below || value == above, "\(what) \(level): \(value), reported \(expected)")
        }
    }
}
