public import Measurements

/// A length of time of a load test. Names as documents and tables write them.
public enum BenchmarkMetric: String, Sendable, Hashable, Codable, CaseIterable, CodingKeyRepresentable {
    /// From the moment the schedule wanted the request sent to its first content: what a user who came at that moment waited.
    case timeToFirstToken = "ttft"
    /// From the moment the request was handed to the socket to its first content.
    case timeToFirstTokenAsSent = "ttft_as_sent"
    /// As sent, to the first content that a reader sees: no reasoning.
    case timeToFirstVisibleToken = "ttft_visible"
    /// As sent, to the first event that carries a role and no content.
    case timeToRole = "ttft_role"
    /// As sent, to the first byte of the answer's head.
    case timeToHeader = "ttft_header"
    /// Time from first to last content over the tokens after those of the first content; one value a request.
    case timePerOutputToken = "tpot"
    /// Gap between events over the tokens it brought, weighted by them; many values a request.
    case interTokenLatency = "itl"
    /// Gap between events, whatever it brought; many values a request.
    case eventGap = "gap"
    /// From the moment the schedule wanted the request sent to its last byte.
    case endToEnd = "e2e"
    /// From the moment the request was handed to the socket to its last byte.
    case endToEndAsSent = "e2e_as_sent"
    /// How late requests were sent, retries included.
    case scheduleLag = "schedule_lag"
    /// Time in the engine before the first token, where the engine tells.
    case prefill
    /// From first to last content.
    case decode
    /// Name look-up, of requests that needed one.
    case dns
    /// TCP, of requests that needed a connection.
    case connect
    /// TLS handshake, of requests that needed one.
    case tls

    /// Whether one request has many values.
    public var isPerGap: Bool { self == .interTokenLatency || self == .eventGap }

    /// The definition that the results of load tests follow; `nil` where no other source has such a figure.
    public var definition: MetricDefinition? {
        switch self {
        case .timeToFirstToken: .firstContentFromSchedule
        case .timeToFirstTokenAsSent: .timeToFirstContent
        case .timeToHeader: .timeToFirstByte
        case .timePerOutputToken: .timePerTokenAfterFirst
        case .interTokenLatency: .gapOverTokens
        case .eventGap: .gapBetweenChunks
        case .endToEnd: .endFromSchedule
        case .endToEndAsSent: .endToLastByte
        case .prefill: .prefillTime
        case .decode: .decodeTime
        case .timeToFirstVisibleToken, .timeToRole, .scheduleLag, .dns, .connect, .tls: nil
        }
    }
}
