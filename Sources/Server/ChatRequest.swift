import FoundationEssentials

/// A question as `POST /v1/chat/completions` takes it; what the simulated engine has no use for is passed over.
struct ChatRequest: Sendable {
    let isStreamed: Bool
    let includesUsage: Bool
    let promptTokens: Int
    let outputTokens: Int

    /// Bytes of a body at most.
    static let bodyBytes = 1 << 20
    static let outputRange = 1...8_192
    private static let defaultOutputTokens = 128
    /// Text of this many bytes counts as a token.
    private static let bytesPerToken = 4

    /// Why a body is not a question, as a sentence that quotes nothing of it.
    struct Refusal: Error {
        let status: Int
        let message: String
    }

    init(_ body: [UInt8], model: String) throws(Refusal) {
        let wire: WireRequest
        do {
            wire = try JSONDecoder().decode(WireRequest.self, from: Data(body))
        } catch {
            throw Refusal(
                status: 400, message: "the body is not a chat completion request: JSON with a 'model' and 'messages' of text is expected")
        }
        guard wire.model == model else { throw Refusal(status: 404, message: "there is no such model here; there is '\(model)'") }
        guard !wire.messages.isEmpty else { throw Refusal(status: 400, message: "'messages' is empty") }
        let asked = wire.maxCompletionTokens ?? wire.maxTokens ?? Self.defaultOutputTokens
        guard Self.outputRange.contains(asked) else {
            throw Refusal(status: 400, message: "'max_tokens' is from \(Self.outputRange.lowerBound) to \(Self.outputRange.upperBound)")
        }
        isStreamed = wire.stream ?? false
        includesUsage = wire.streamOptions?.includeUsage ?? false
        outputTokens = asked
        let bytes = wire.messages.reduce(0) { $0 + ($1.content?.byteCount ?? 0) }
        promptTokens = max(1, (bytes + Self.bytesPerToken - 1) / Self.bytesPerToken)
    }
}

private struct WireRequest: Decodable {
    var model: String
    var messages: [Message]
    var stream: Bool?
    var maxTokens: Int?
    var maxCompletionTokens: Int?
    var streamOptions: StreamOptions?

    enum CodingKeys: String, CodingKey {
        case model, messages, stream
        case maxTokens = "max_tokens"
        case maxCompletionTokens = "max_completion_tokens"
        case streamOptions = "stream_options"
    }

    struct StreamOptions: Decodable {
        var includeUsage: Bool?

        enum CodingKeys: String, CodingKey {
            case includeUsage = "include_usage"
        }
    }

    struct Message: Decodable {
        var role: String
        var content: Content?
    }

    /// A text, or parts of which some are text.
    enum Content: Decodable {
        case text(String)
        case parts([Part])

        struct Part: Decodable {
            var text: String?
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                self = .text(text)
            } else {
                self = .parts(try container.decode([Part].self))
            }
        }

        var byteCount: Int {
            switch self {
            case .text(let text): text.utf8.count
            case .parts(let parts): parts.reduce(0) { $0 + ($1.text?.utf8.count ?? 0) }
            }
        }
    }
}
