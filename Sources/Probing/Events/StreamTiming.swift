public import Measurements
public import Transport

/// The moments of one answer, gathered as its events arrive.
///
/// Time to first token is request sent → first content of any kind; gaps are those between events that bring content. Time per output
/// token is (last content − first content) / tokens that came after the first event, as the server counts them: where it does not
/// count, there is none. Where it counts only the whole answer, every event is taken to have brought its equal share, so that the first
/// event's tokens, which cost nothing of that time, are taken off.
public struct StreamTiming: Sendable {
    public let sentAt: MonotonicTime
    /// When an event came that carries a role and no content.
    public private(set) var roleAt: MonotonicTime?
    public private(set) var firstContentAt: MonotonicTime?
    /// When content came that is no reasoning.
    public private(set) var firstVisibleAt: MonotonicTime?
    public private(set) var lastContentAt: MonotonicTime?
    public private(set) var gaps: [Nanoseconds] = []
    /// Events that brought content.
    public private(set) var contentEvents = 0
    public private(set) var content: ContentKinds = []
    public private(set) var usage = TokenUsage()
    public private(set) var finishReason: String?
    public private(set) var endMarkerSeen = false
    public private(set) var error: InferenceError?
    private var prefill: Nanoseconds?
    private var decode: Nanoseconds?

    private var eventTokens: [Int] = []
    private var tokensSoFar = 0
    private var isEveryEventCounted = true

    /// Gaps that are kept of one answer.
    public static let maximumGaps = 100_000

    public init(sentAt: MonotonicTime) { self.sentAt = sentAt }

    /// Takes note of an event.
    /// - Parameter receivedAt: When its last byte arrived.
    public mutating func record(_ event: StreamEvent, receivedAt: MonotonicTime) {
        if !event.content.isEmpty {
            note(event.content, at: receivedAt)
            count(event.usage.outputTokens)
        } else if event.hasRole, roleAt == nil, firstContentAt == nil {
            roleAt = receivedAt
        }
        usage.update(with: event.usage)  // With continuous usage every event has one, and the last one counts.
        if let reason = event.finishReason { finishReason = reason }
        if event.isEnd { endMarkerSeen = true }
        if let time = event.prefill { prefill = time }
        if let time = event.decode { decode = time }
        if error == nil, let failure = event.error { error = failure }
    }

    private mutating func note(_ kinds: ContentKinds, at time: MonotonicTime) {
        content.formUnion(kinds)
        if firstVisibleAt == nil, kinds != .reasoning { firstVisibleAt = time }
        if let lastContentAt {
            if gaps.count < Self.maximumGaps { gaps.append(length(lastContentAt, time)) }
        } else {
            firstContentAt = time
        }
        lastContentAt = time
        contentEvents += 1
    }

    /// What an event with content adds to the tokens, where the server tells how many there are up to it.
    private mutating func count(_ tokens: Int?) {
        guard isEveryEventCounted, let tokens, tokens >= tokensSoFar, eventTokens.count <= Self.maximumGaps else {
            isEveryEventCounted = false
            return eventTokens = []
        }
        eventTokens.append(tokens - tokensSoFar)
        tokensSoFar = tokens
    }

    /// Output tokens and where the number is from; `nil` where nothing came.
    public var outputTokens: OutputTokens? {
        if let tokens = usage.outputTokens { return .reported(tokens) }
        return contentEvents > 0 ? .estimated(contentEvents) : nil
    }

    /// Tokens that came with each event that brought content; `nil` where the server does not tell. An event may have 0: engines hold
    /// back the text of a token that ends within a character.
    public var tokensPerEvent: [Int]? { isEveryEventCounted && !eventTokens.isEmpty ? eventTokens : nil }

    /// Tokens that came after the first event with content, a mean where the server counts only the whole.
    private var tokensAfterFirstEvent: Double? {
        if let tokensPerEvent { return Double(tokensPerEvent.dropFirst().reduce(0, +)) }
        guard contentEvents > 1, case .reported(let tokens)? = outputTokens else { return nil }
        // Reasoning that is counted and not shown came before the first event.
        let hidden = content.contains(.reasoning) ? 0 : usage.reasoningTokens ?? 0
        return Double(tokens - hidden) * Double(contentEvents - 1) / Double(contentEvents)
    }

    /// Puts the figures into an answer whose last byte came at a time.
    ///
    /// A stream that ended without an error, an end marker and a reason to finish was cut off.
    /// - Parameter isWhole: The answer came as a whole, so that there is no telling when its tokens came.
    public func complete(_ answer: inout TimedAnswer, endedAt: MonotonicTime, isWhole: Bool = false) {
        answer.measurement.inputTokens = usage.inputTokens
        answer.measurement.outputTokens = outputTokens?.count
        answer.tokens = outputTokens
        answer.reasoningTokens = usage.reasoningTokens
        answer.cachedInputTokens = usage.cachedInputTokens
        answer.finishReason = finishReason
        answer.measurement.prefill = prefill
        answer.serverDecode = decode
        answer.moments.lastByte = endedAt
        answer.measurement.error = answer.measurement.error ?? error ?? missing(isWhole: isWhole)
        if !isWhole { completeStream(&answer) }
        if answer.measurement.error == nil { answer.measurement.endToEnd = length(sentAt, endedAt) }
    }

    private func completeStream(_ answer: inout TimedAnswer) {
        answer.moments.role = roleAt
        answer.moments.firstContent = firstContentAt
        answer.moments.firstVisible = firstVisibleAt
        answer.moments.lastContent = lastContentAt
        guard let firstContentAt, let lastContentAt else { return }
        answer.measurement.timeToFirstToken = length(sentAt, firstContentAt)
        answer.measurement.chunkGaps = gaps
        answer.tokensPerEvent = tokensPerEvent
        guard answer.measurement.error == nil else { return }
        let decode = length(firstContentAt, lastContentAt)
        answer.measurement.decode = decode
        if let tokens = tokensAfterFirstEvent, tokens > 0 {
            answer.measurement.timePerOutputToken = Nanoseconds(Int64((Double(decode.count) / tokens).rounded()))
        }
    }

    /// What is wrong with an answer that says of nothing that it is.
    private func missing(isWhole: Bool) -> InferenceError? {
        if !isWhole, finishReason == nil, !endMarkerSeen {
            return InferenceError(type: "ended_early", message: "the stream ended after \(contentEvents) pieces without an end marker")
        }
        return contentEvents > 0 ? nil : InferenceError(type: "empty_answer", message: "the answer was complete and held no content")
    }

    /// A clock that went backwards gives a length of zero, never a negative one.
    private func length(_ start: MonotonicTime, _ end: MonotonicTime) -> Nanoseconds {
        Nanoseconds(end > start ? end.nanoseconds &- start.nanoseconds : 0)
    }
}
