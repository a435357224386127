import BenchmarkResults
import Measurements
import Statistics
import SwiftProtobuf

extension LlmLatencyLens_V1_StageResults {
    init(_ stage: StageSummary) {
        self.init()
        label = stage.label
        loadShape = stage.load.shape.rawValue
        set(\.requestsPerSecond, of: &self, to: stage.load.requestsPerSecond) { $0 }
        set(\.concurrency, of: &self, to: stage.load.concurrency, count32)
        duration = Google_Protobuf_Duration(stage.duration)
        unsent = count32(stage.whole.counts.unsent)
        aggregated = LlmLatencyLens_V1_AggregatedMetrics(stage.whole)
        warnings = stage.warnings
    }
}

extension LlmLatencyLens_V1_AggregatedMetrics {
    init(_ load: LoadSummary) {
        self.init()
        func distribution(_ field: WritableKeyPath<Self, LlmLatencyLens_V1_LatencyDistribution>, _ metric: BenchmarkMetric) {
            set(field, of: &self, to: load.latencies[metric]) { LlmLatencyLens_V1_LatencyDistribution($0) }
        }
        distribution(\.ttftDistribution, .timeToFirstToken)
        distribution(\.tpotDistribution, .timePerOutputToken)
        distribution(\.e2EDistribution, .endToEnd)
        distribution(\.ttftAsSentDistribution, .timeToFirstTokenAsSent)
        distribution(\.e2EAsSentDistribution, .endToEndAsSent)
        distribution(\.itlDistribution, .interTokenLatency)
        distribution(\.scheduleLagDistribution, .scheduleLag)
        throughput = LlmLatencyLens_V1_ThroughputMetrics(load.throughput)
        errors = LlmLatencyLens_V1_ErrorMetrics(load.counts)
    }
}

extension LlmLatencyLens_V1_LatencyDistribution {
    init(_ summary: LatencySummary) {
        self.init()
        func milliseconds(_ field: WritableKeyPath<Self, Double>, _ seconds: Double?) { set(field, of: &self, to: seconds) { $0 * 1_000 } }
        milliseconds(\.meanMs, summary.mean)
        milliseconds(\.medianMs, summary.median)
        milliseconds(\.p50Ms, summary.median)
        milliseconds(\.p90Ms, summary.value(at: .p90))
        milliseconds(\.p95Ms, summary.value(at: .p95))
        milliseconds(\.p99Ms, summary.value(at: .p99))
        milliseconds(\.p999Ms, summary.value(at: .p999))
        milliseconds(\.minMs, summary.minimum)
        milliseconds(\.maxMs, summary.maximum)
        milliseconds(\.stddevMs, summary.standardDeviation)
        milliseconds(\.meanLowMs, summary.meanInterval?.lower)
        milliseconds(\.meanHighMs, summary.meanInterval?.upper)
        sampleCount = UInt64(summary.count)
    }
}

extension LlmLatencyLens_V1_ThroughputMetrics {
    init(_ rates: Throughput) {
        self.init()
        set(\.requestsPerSecond, of: &self, to: rates.requestsPerSecond) { $0 }
        set(\.tokensPerSecond, of: &self, to: rates.outputTokensPerSecond) { $0 }
        set(\.tokensPerSecondPerGpu, of: &self, to: rates.outputTokensPerSecondPerGPU) { $0 }
    }
}

extension LlmLatencyLens_V1_ErrorMetrics {
    init(_ counts: RequestCounts) {
        self.init()
        totalErrors = UInt64(counts.failed)
        set(\.errorRate, of: &self, to: counts.errorRate) { $0 }
        errorsByType = counts.failedByType.mapValues { UInt64($0) }
    }
}
