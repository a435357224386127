public import Measurements
public import Transport

/// The moments of one streamed answer, gathered as its events arrive.
///
/// Time to first token is request sent → first content of any kind. Gaps are those between events that bring content. Time per output
/// token is (end − first token) / (output tokens − 1), the tokens as the server counts them: where it does not, there is none.
public struct StreamTiming: Sendable {
    public let sentAt: MonotonicTime
    /// When content of each kind came first.
    public private(set) var firstOfKind: [ContentKind: MonotonicTime] = [:]
    public private(set) var firstContentAt: MonotonicTime?
    public private(set) var lastContentAt: MonotonicTime?
    public private(set) var gaps: [Nanoseconds] = []
    /// Events that brought content.
    public private(set) var contentEvents = 0
    public private(set) var inputTokens: Int?
    public private(set) var reportedOutputTokens: Int?
    public private(set) var finishReason: String?
    public private(set) var endMarkerSeen = false
    public private(set) var error: InferenceError?

    /// Gaps that are kept of one answer.
    public static let maximumGaps = 100_000

    public init(sentAt: MonotonicTime) { self.sentAt = sentAt }

    /// Takes note of an event.
    /// - Parameter receivedAt: When its last byte arrived.
    public mutating func record(_ event: StreamEvent, receivedAt: MonotonicTime) {
        if !event.content.isEmpty {
            for kind in event.content where firstOfKind[kind] == nil { firstOfKind[kind] = receivedAt }
            if let lastContentAt {
                if gaps.count < Self.maximumGaps { gaps.append(length(lastContentAt, receivedAt)) }
            } else {
                firstContentAt = receivedAt
            }
            lastContentAt = receivedAt
            contentEvents += 1
        }
        if let usage = event.usage {  // With continuous usage every event has one, and the last one counts.
            inputTokens = usage.inputTokens ?? inputTokens
            reportedOutputTokens = usage.outputTokens ?? reportedOutputTokens
        }
        finishReason = event.finishReason ?? finishReason
        endMarkerSeen = endMarkerSeen || event.isEnd
        error = error ?? event.error
    }

    /// Output tokens and where the number is from; `nil` where nothing came.
    public var outputTokens: OutputTokens? {
        if let reportedOutputTokens { return .reported(reportedOutputTokens) }
        return contentEvents > 0 ? .estimated(contentEvents) : nil
    }

    /// Puts the figures into a measurement of an answer whose last byte came at a time.
    ///
    /// An answer that ended without an error, an end marker and a reason to finish was cut off.
    public func complete(_ measurement: inout InferenceMeasurement, endedAt: MonotonicTime) {
        measurement.timeToFirstToken = firstContentAt.map { length(sentAt, $0) }
        measurement.inputTokens = inputTokens
        measurement.outputTokens = outputTokens?.count
        measurement.error = error ?? measurement.error
        if measurement.error == nil, finishReason == nil, !endMarkerSeen {
            measurement.error = InferenceError(
                type: "ended_early", message: "the stream ended after \(contentEvents) pieces without an end marker")
        }
        if measurement.error == nil, firstContentAt == nil {
            measurement.error = InferenceError(type: "empty_answer", message: "the answer was complete and held no content")
        }
        if firstContentAt != nil { measurement.chunkGaps = gaps }
        guard measurement.error == nil else { return }
        measurement.endToEnd = length(sentAt, endedAt)
        measurement.decode = firstContentAt.flatMap { first in lastContentAt.map { length(first, $0) } }
        if case .reported(let tokens) = outputTokens, tokens > 1, let firstContentAt {
            measurement.timePerOutputToken = Nanoseconds(length(firstContentAt, endedAt).count / Int64(tokens - 1))
        }
    }

    /// A clock that went backwards gives a length of zero, never a negative one.
    private func length(_ start: MonotonicTime, _ end: MonotonicTime) -> Nanoseconds {
        Nanoseconds(end > start ? end.nanoseconds &- start.nanoseconds : 0)
    }
}

/// How many tokens an answer had.
public enum OutputTokens: Sendable, Hashable {
    /// Counted by the server.
    case reported(Int)
    /// One for every event that brought content: servers put several tokens into one event, so there were as many or more.
    case estimated(Int)

    public var count: Int {
        switch self {
        case .reported(let count), .estimated(let count): count
        }
    }
}
