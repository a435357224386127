/// A latency of one request.
public enum LatencyMetric: String, Sendable, Codable, Hashable, CaseIterable {
    /// Request sent to first content token received.
    case timeToFirstToken = "ttft"
    /// (E2E − TTFT) / (output tokens − 1), tokens as the server counts them.
    case timePerOutputToken = "tpot"
    /// Gap between successive content chunks.
    case interTokenLatency = "itl"
    /// Request sent to last byte received.
    case endToEnd = "e2e"
    /// Time in the engine before the first token was computed, where the engine tells.
    case prefill
    /// Time from first to last token.
    case decode
    /// Time waited before the request was started, in the client's or the engine's queue.
    case queue
    /// Name look-up, connection and TLS handshake.
    case network
}

/// Exactly which moments a tool put between its start and its end: tools disagree, and figures under two definitions do not compare.
public enum MetricDefinition: String, Sendable, Codable, Hashable, CaseIterable {
    /// Our TTFT: request sent → first non-empty content, reasoning or tool-call delta.
    case timeToFirstContent = "ttft.first-content"
    /// Request sent → first stream event, even an empty role chunk: too small where the server sends the role at once.
    case timeToFirstEvent = "ttft.first-event"
    /// Request sent → first response byte of any kind.
    case timeToFirstByte = "ttft.first-byte"
    /// Intended start → first non-empty content: includes the wait in the client.
    case firstContentFromSchedule = "ttft.from-schedule"

    /// Our TPOT: (E2E − TTFT) / (output tokens − 1).
    case timePerTokenAfterFirst = "tpot.after-first"
    /// E2E / output tokens: the wait for the first token is spread over all.
    case timePerTokenIncludingFirst = "tpot.includes-ttft"

    /// Our ITL: every gap between content chunks.
    case gapBetweenChunks = "itl.chunk-gap"
    /// Every gap between stream events, an empty role chunk's included: diluted by a gap of about zero per request.
    case gapBetweenEvents = "itl.event-gap"
    /// One mean per request, (last − first) / (tokens − 1): tails are lost.
    case gapMeanPerRequest = "itl.request-mean"
    /// Gap per token, tokens of one chunk sharing its stamp: gaps of zero appear.
    case gapPerToken = "itl.token-gap"
    /// E2E / chunks: not a gap between tokens at all.
    case timePerChunk = "itl.e2e-per-chunk"
    /// Gap between content chunks over the tokens it brought, weighted by them.
    case gapOverTokens = "itl.per-token"

    /// Our E2E: request sent → last byte.
    case endToLastByte = "e2e.last-byte"
    /// Request sent → last content chunk; usage and end markers are not waited for.
    case endToLastContent = "e2e.last-content"
    /// Intended start → last byte: includes the wait in the client.
    case endFromSchedule = "e2e.from-schedule"

    case prefillTime = "prefill.engine"
    case decodeTime = "decode.first-to-last"
    case clientQueue = "queue.client"
    case engineQueue = "queue.engine"
    case connectionSetup = "network.setup"

    /// What it is a definition of.
    public var metric: LatencyMetric {
        switch self {
        case .timeToFirstContent, .timeToFirstEvent, .timeToFirstByte, .firstContentFromSchedule: .timeToFirstToken
        case .timePerTokenAfterFirst, .timePerTokenIncludingFirst: .timePerOutputToken
        case .gapBetweenChunks, .gapBetweenEvents, .gapMeanPerRequest, .gapPerToken, .timePerChunk, .gapOverTokens: .interTokenLatency
        case .endToLastByte, .endToLastContent, .endFromSchedule: .endToEnd
        case .prefillTime: .prefill
        case .decodeTime: .decode
        case .clientQueue, .engineQueue: .queue
        case .connectionSetup: .network
        }
    }

    /// Whether this is the definition all our own figures use.
    public var isCanonical: Bool {
        switch self {
        case .timeToFirstContent, .timePerTokenAfterFirst, .gapBetweenChunks, .endToLastByte, .prefillTime, .decodeTime, .connectionSetup:
            true
        default: false
        }
    }
}
