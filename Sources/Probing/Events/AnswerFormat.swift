import Measurements

/// How the answers of an interface are to be read.
public struct AnswerFormat: Sendable, Hashable {
    /// What separates the events of a stream.
    enum Framing: String, Sendable, Hashable, CaseIterable {
        /// `text/event-stream`.
        case serverSentEvents
        /// One JSON document a line, `application/x-ndjson`.
        case lines
    }

    /// How an event tells of which kind it is.
    struct TypedTable: Sendable, Hashable {
        let type: [UInt8]
        let table: EventTable

        init(_ type: String, _ table: EventTable) {
            self.type = Array(type.utf8)
            self.table = table
        }
    }

    var framing = Framing.serverSentEvents
    /// Of every event of a stream, where kinds are not told apart.
    var event: EventTable
    /// By kind, where events have kinds; others tell nothing then.
    var typed: [TypedTable] = []
    /// Of an answer that came as a whole.
    var whole: EventTable
    /// Text in the place of an event after which nothing follows.
    var endMarker = Array("[DONE]".utf8)
    /// Nothing in a stream says that it is whole: where the connection ends in order, it is.
    var endsWithConnection = false
    /// Cached input tokens are counted apart from the input tokens.
    var cachedTokensAreApart = false
    /// Reasoning tokens are counted apart from the output tokens.
    var reasoningTokensAreApart = false

    init(event: EventTable, typed: [TypedTable] = [], whole: EventTable) {
        self.event = event
        self.typed = typed
        self.whole = whole
    }

    /// What an event of a stream says.
    public func read(_ event: ServerSentEvent) -> StreamEvent {
        var data = event.data
        return data.withUTF8 { bytes in
            let type = event.type == "message" ? [] : Array(event.type.utf8)
            return read(EventBytes(type: type, data: UnsafeRawBufferPointer(bytes), lastID: "")).event
        }
    }

    /// What an event says, and the text it brings.
    func read(_ event: EventBytes, keepsText: Bool = false) -> (event: StreamEvent, text: String) {
        if isEndMarker(event.data) { return (StreamEvent(isEnd: true), "") }
        do throws(EventScanner.Refusal) {
            let table = try table(of: event)
            if table.isEnd, table.isEmpty { return (StreamEvent(isEnd: true), "") }
            let found = try EventScanner.read(event.data, table, keepsText: keepsText)
            return (stream(found, table), found.text)
        } catch {
            return (StreamEvent(error: .malformed(bytes: event.data.count)), "")
        }
    }

    /// What an answer that came as a whole says.
    func readWhole(_ bytes: [UInt8], keepsText: Bool = false) -> (event: StreamEvent, text: String) {
        bytes.withUnsafeBytes { bytes in
            do throws(EventScanner.Refusal) {
                let found = try EventScanner.read(bytes, whole, keepsText: keepsText)
                return (stream(found, whole), found.text)
            } catch {
                let failure = InferenceError(type: "malformed_answer", message: "an answer of \(bytes.count) bytes is not JSON")
                return (StreamEvent(error: failure), "")
            }
        }
    }

    // MARK: Events

    private func isEndMarker(_ data: UnsafeRawBufferPointer) -> Bool {
        guard let first = endMarker.first, data.first != UInt8(ascii: "{"), data.count <= endMarker.count + 16 else { return false }
        let text = data.drop { $0 == 0x20 }
        return text.first == first && text.starts(with: endMarker) && text.dropFirst(endMarker.count).allSatisfy { $0 == 0x20 }
    }

    private func table(of event: EventBytes) throws(EventScanner.Refusal) -> EventTable {
        if event.type == Self.errorType, !typed.contains(where: { $0.type == Self.errorType }) { return .error }
        guard !typed.isEmpty else { return self.event }
        // Intermediaries are seen that drop the name of an event; what is in it says the same.
        let type = event.type.isEmpty ? try EventScanner.read(event.data, .type).errorType.map { Array($0.utf8) } : event.type
        return typed.first { $0.type == type }?.table ?? self.event
    }

    private func stream(_ found: ScannedEvent, _ table: EventTable) -> StreamEvent {
        var event = StreamEvent(
            content: found.content, hasRole: found.hasRole, usage: usage(found), finishReason: found.finishReason,
            isEnd: found.isEnd || table.isEnd)
        event.prefill = found.prefill
        event.decode = found.decode
        if found.hasError || table.isError || found.errorMessage != nil {
            event.error = InferenceError(
                type: found.errorType ?? "stream_error", message: found.errorMessage ?? "", code: found.errorCode)
        }
        return event
    }

    private func usage(_ found: ScannedEvent) -> TokenUsage {
        var usage = found.usage
        if cachedTokensAreApart, let tokens = usage.inputTokens {
            usage.inputTokens = tokens + (usage.cachedInputTokens ?? 0) + (found.cacheWriteTokens ?? 0)
        }
        if reasoningTokensAreApart, usage.outputTokens != nil || usage.reasoningTokens != nil {
            usage.outputTokens = (usage.outputTokens ?? 0) + (usage.reasoningTokens ?? 0)
        }
        return usage
    }

    private static let errorType = Array("error".utf8)
}

extension EventTable {
    /// An event that is an error, or the body of a refusal, in the words of any of the interfaces.
    static let error = EventTable(
        [
            "error": .error, "error.message": .errorMessage, "error.type": .errorType, "error.status": .errorType,
            "error.code": .errorCode, "message": .errorMessage, "code": .errorCode, "detail": .errorMessage,
            "[*].error": .error, "[*].error.message": .errorMessage, "[*].error.status": .errorType, "[*].error.code": .errorCode,
        ], isError: true)

    /// What an event says of its own kind.
    fileprivate static let type = EventTable(["type": .errorType])
}

extension InferenceError {
    static func malformed(bytes: Int) -> InferenceError {
        InferenceError(type: "malformed_event", message: "an event of \(bytes) bytes is not JSON")  // Its words could be the answer's.
    }
}
