import Measurements

/// What was found in one event.
struct ScannedEvent {
    var content: ContentKinds = []
    var hasRole = false
    var usage = TokenUsage()
    var cacheWriteTokens: Int?
    var prefill: Nanoseconds?
    var decode: Nanoseconds?
    var finishReason: String?
    var isEnd = false
    /// What the model said, where it is kept; without its thinking.
    var text = ""

    var hasError = false
    var errorMessage: String?
    var errorType: String?
    var errorCode: Int?

    private var isReasoning = false
    private var hasPreciseReason = false

    // MARK: Objects that say of themselves that they are reasoning

    /// What was there before such an object.
    struct Outside {
        let content: ContentKinds
        let text: String
    }

    mutating func enterMarkedObject() -> Outside {
        let outside = Outside(content: content, text: text)
        content = []
        isReasoning = false
        return outside
    }

    mutating func leaveMarkedObject(_ outside: Outside) {
        if isReasoning, content.contains(.answer) {
            content.remove(.answer)
            content.insert(.reasoning)
            text = outside.text
        }
        content.formUnion(outside.content)
        isReasoning = false
    }

    // MARK: Values

    mutating func take(_ field: EventField, text: ScannedText, in bytes: UnsafeRawBufferPointer, keepsText: Bool) {
        let isEmpty = text.range.isEmpty
        switch field {
        case .answer:
            guard !isEmpty else { return }
            content.insert(.answer)
            if keepsText { self.text += text.decoded(in: bytes) }
        case .reasoning: if !isEmpty { content.insert(.reasoning) }
        case .toolCall: if !isEmpty { content.insert(.toolCall) }
        case .role: hasRole = true
        case .finishReason: if !isEmpty, !hasPreciseReason { finishReason = short(text, in: bytes) }
        case .preciseFinishReason:
            guard !isEmpty else { return }
            finishReason = short(text, in: bytes)
            hasPreciseReason = true
        case .end: if !isEmpty { isEnd = true }
        case .error:
            hasError = true
            errorMessage = errorMessage ?? message(text, in: bytes)
        case .errorMessage: if !isEmpty { errorMessage = message(text, in: bytes) }
        case .errorType: if !isEmpty { errorType = short(text, in: bytes) }
        // OpenAI's code is a class in words; it has a type besides.
        case .errorCode: if !isEmpty { errorType = errorType ?? short(text, in: bytes) }
        case .isReasoning, .inputTokens, .outputTokens, .reasoningTokens, .cachedInputTokens, .cacheWriteTokens, .prefillMilliseconds,
            .decodeMilliseconds:
            break
        }
    }

    /// A list or an object that was read to its end.
    mutating func take(_ field: EventField, listOf count: Int) {
        switch field {
        case .toolCall: if count > 0 { content.insert(.toolCall) }
        case .error: hasError = true
        default: break
        }
    }

    mutating func take(_ field: EventField, _ value: ScannedScalar) {
        switch (field, value) {
        case (.isReasoning, .boolean(let flag)): isReasoning = flag
        case (.end, .boolean(let flag)): if flag { isEnd = true }
        case (.inputTokens, .number(let number)): usage.inputTokens = count(number) ?? usage.inputTokens
        case (.outputTokens, .number(let number)): usage.outputTokens = count(number) ?? usage.outputTokens
        case (.reasoningTokens, .number(let number)): usage.reasoningTokens = count(number) ?? usage.reasoningTokens
        case (.cachedInputTokens, .number(let number)): usage.cachedInputTokens = count(number) ?? usage.cachedInputTokens
        case (.cacheWriteTokens, .number(let number)): cacheWriteTokens = count(number)
        case (.prefillMilliseconds, .number(let number)): prefill = length(number)
        case (.decodeMilliseconds, .number(let number)): decode = length(number)
        case (.errorCode, .number(let number)), (.errorType, .number(let number)): errorCode = Int(exactly: number)
        case (.error, .null): break
        case (.error, .boolean(let flag)): if flag { hasError = true }
        case (.error, _): hasError = true
        default: break
        }
    }

    /// A number of tokens that can be one.
    private func count(_ number: Double) -> Int? { (0...100_000_000).contains(number) ? Int(exactly: number) : nil }

    /// A length of a day at most.
    private func length(_ milliseconds: Double) -> Nanoseconds? {
        (0...86_400_000).contains(milliseconds) ? Nanoseconds(milliseconds: milliseconds) : nil
    }

    private func short(_ text: ScannedText, in bytes: UnsafeRawBufferPointer) -> String {
        String(
            ScannedText(range: text.range.prefix(240), hasEscapes: text.hasEscapes && text.range.count <= 240).decoded(in: bytes).prefix(60)
        )
    }

    private func message(_ text: ScannedText, in bytes: UnsafeRawBufferPointer) -> String { text.decoded(in: bytes) }
}
