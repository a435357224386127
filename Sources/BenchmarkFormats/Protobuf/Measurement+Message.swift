import FoundationEssentials
import Measurements
import SwiftProtobuf

private typealias Span = Google_Protobuf_Duration

extension LlmLatencyLens_V1_InferenceMeasurement {
    init(_ record: RequestRecord, stage: String, model: ModelFacts) {
        self.init()
        let found = record.measurement
        measurementID = found.id.uuidString.lowercased()
        set(\.timestamp, of: &self, to: found.time) { Google_Protobuf_Timestamp($0) }
        modelInfo = LlmLatencyLens_V1_ModelInfo(found, of: model)
        latency = LlmLatencyLens_V1_LatencyMetrics(record)
        tokens = LlmLatencyLens_V1_TokenMetrics(record)
        if let resources = LlmLatencyLens_V1_ResourceMetrics(measured: found) { self.resources = resources }
        set(\.error, of: &self, to: found.error) { LlmLatencyLens_V1_Failure($0) }
        notFinite = found.notFinite.fieldNames
        self.stage = stage
        scenario = record.scenario
        schedule = LlmLatencyLens_V1_Schedule(record)
        connection = LlmLatencyLens_V1_Connection(record.connection)
        earlierAttempts = record.earlierAttempts.map { LlmLatencyLens_V1_FailedAttempt($0) }
        set(\.finishReason, of: &self, to: record.finishReason) { $0 }
    }
}

extension LlmLatencyLens_V1_ModelInfo {
    init(_ facts: ModelFacts) {
        self.init()
        name = facts.name
        provider = facts.provider
        endpoint = ForeignText.addressWithoutSecrets(facts.endpoint)
        set(\.version, of: &self, to: facts.version) { $0 }
        quantization = LlmLatencyLens_V1_Quantization(facts.quantization)
    }

    /// What one request was answered by. The version is that of the run's model, where the request went to it.
    init(_ found: InferenceMeasurement, of model: ModelFacts) {
        var facts = ModelFacts(name: found.model, provider: found.provider, endpoint: found.endpoint)
        if found.model == model.name {
            facts.version = model.version
            facts.quantization = model.quantization
        }
        self.init(facts)
    }
}

extension LlmLatencyLens_V1_LatencyMetrics {
    init(_ record: RequestRecord) {
        self.init()
        let found = record.measurement
        set(\.timeToFirstToken, of: &self, to: found.timeToFirstToken) { Span($0) }
        set(\.timePerOutputToken, of: &self, to: found.timePerOutputToken) { Span($0) }
        set(\.endToEndLatency, of: &self, to: found.endToEnd) { Span($0) }
        set(\.prefillTime, of: &self, to: found.prefill) { Span($0) }
        set(\.decodeTime, of: &self, to: found.decode) { Span($0) }
        set(\.queueTime, of: &self, to: found.queue) { Span($0) }
        set(\.timeToHeader, of: &self, to: record.sinceSent(record.moments.head)) { Span($0) }
        set(\.timeToRole, of: &self, to: record.sinceSent(record.moments.role)) { Span($0) }
        set(\.timeToFirstVisibleToken, of: &self, to: record.sinceSent(record.moments.firstVisible)) { Span($0) }
        eventGapsNs = (found.chunkGaps ?? []).map(\.count)
    }
}

extension LlmLatencyLens_V1_TokenMetrics {
    init(_ record: RequestRecord) {
        self.init()
        set(\.inputTokens, of: &self, to: record.measurement.inputTokens, count32)
        set(\.outputTokens, of: &self, to: record.measurement.outputTokens, count32)
        set(\.tokensPerSecond, of: &self, to: record.tokensPerSecond) { $0 }
        set(\.reasoningTokens, of: &self, to: record.reasoningTokens, count32)
        set(\.cachedInputTokens, of: &self, to: record.cachedInputTokens, count32)
        isEstimated = record.tokensAreEstimated
        tokensPerEvent = (record.tokensPerEvent ?? []).map(count32)
    }
}

extension LlmLatencyLens_V1_ResourceMetrics {
    /// `nil` where nothing of it was measured.
    init?(measured found: InferenceMeasurement) {
        guard found.gpuUtilization != nil || found.memoryUtilization != nil || found.keyValueCacheUtilization != nil else { return nil }
        self.init()
        set(\.gpuUtilizationPercent, of: &self, to: found.gpuUtilization) { $0 * 100 }
        set(\.memoryUtilizationPercent, of: &self, to: found.memoryUtilization) { $0 * 100 }
        set(\.kvCacheUtilizationPercent, of: &self, to: found.keyValueCacheUtilization) { $0 * 100 }
    }
}

extension LlmLatencyLens_V1_Schedule {
    init(_ record: RequestRecord) {
        self.init()
        intended = Span(record.moments.intended)
        set(\.sent, of: &self, to: record.moments.sent) { Span($0) }
        set(\.timeToFirstToken, of: &self, to: record.scheduledTimeToFirstToken) { Span($0) }
        set(\.endToEndLatency, of: &self, to: record.scheduledEndToEnd) { Span($0) }
    }
}

extension LlmLatencyLens_V1_Connection {
    init(_ phases: ConnectionPhases) {
        self.init()
        set(\.dns, of: &self, to: phases.dns) { Span($0) }
        set(\.connect, of: &self, to: phases.connect) { Span($0) }
        set(\.tls, of: &self, to: phases.tls) { Span($0) }
        wasReused = phases.wasReused
    }
}

extension LlmLatencyLens_V1_FailedAttempt {
    init(_ attempt: FailedAttempt) {
        self.init()
        error = LlmLatencyLens_V1_Failure(attempt.error)
        began = Span(attempt.began)
        ended = Span(attempt.ended)
    }
}

extension InferenceMeasurement.FieldSet {
    /// The fields of the message whose reading was not finite.
    fileprivate var fieldNames: [String] { Self.names.filter { contains($0.field) }.map(\.name) }

    private static let names: [(field: Self, name: String)] = [
        (.timeToFirstToken, "latency.time_to_first_token"), (.timePerOutputToken, "latency.time_per_output_token"),
        (.endToEnd, "latency.end_to_end_latency"), (.prefill, "latency.prefill_time"), (.decode, "latency.decode_time"),
        (.queue, "latency.queue_time"), (.chunkGaps, "latency.event_gaps_ns"), (.network, "connection"),
        (.inputTokens, "tokens.input_tokens"), (.outputTokens, "tokens.output_tokens"),
        (.gpuUtilization, "resources.gpu_utilization_percent"), (.memoryUtilization, "resources.memory_utilization_percent"),
        (.keyValueCacheUtilization, "resources.kv_cache_utilization_percent"),
    ]
}
