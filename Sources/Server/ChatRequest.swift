import FoundationEssentials

/// What a client asks for, checked.
struct ChatRequest {
    let promptTokens: Int
    let outputTokens: Int
    let isStreamed: Bool
    /// Whether the last event of a stream is to tell the tokens.
    let includesUsage: Bool

    /// Why a request is refused: 400 and a sentence for the client.
    struct Refusal: Error {
        let message: String
    }

    init(_ body: [UInt8], model: String, settings: ServerSettings) throws(Refusal) {
        let wire: Wire
        do {
            wire = try JSONDecoder().decode(Wire.self, from: Data(body))
        } catch DecodingError.dataCorrupted {
            throw Refusal(message: "the body of \(body.count) bytes is not JSON")
        } catch DecodingError.keyNotFound(let key, _) {
            throw Refusal(message: "'\(key.stringValue)' is missing")
        } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context) {
            throw Refusal(message: "'\(Self.path(context))' is of the wrong type")
        } catch {
            throw Refusal(message: "the body cannot be read as a chat completion request")
        }
        if let asked = wire.model, asked != model { throw Refusal(message: "this server has no such model; it serves \(model)") }
        if wire.messages.isEmpty { throw Refusal(message: "'messages' is empty") }
        promptTokens = wire.messages.reduce(0) { $0 + Self.tokens(in: $1) }
        if promptTokens > settings.maximumPromptTokens {
            throw Refusal(message: "the prompt has about \(promptTokens) tokens, and at most \(settings.maximumPromptTokens) are taken")
        }
        outputTokens = wire.maxCompletionTokens ?? wire.maxTokens ?? settings.defaultOutputTokens
        if !(1...settings.maximumOutputTokens).contains(outputTokens) {
            throw Refusal(message: "'max_tokens' is \(outputTokens) and must be in 1...\(settings.maximumOutputTokens)")
        }
        isStreamed = wire.stream ?? false
        includesUsage = wire.streamOptions?.includeUsage ?? false
        if let choices = wire.choices, choices != 1 { throw Refusal(message: "'n' is \(choices), and only 1 is served") }
    }

    /// Four bytes a token and four tokens around a message: near enough for an engine that reads no text.
    private static func tokens(in message: Wire.Message) -> Int {
        4 + ((message.content?.parts ?? []).reduce(0) { $0 + $1.utf8.count } + 3) / 4
    }

    private static func path(_ context: DecodingError.Context) -> String {
        let path = context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
        return path.isEmpty ? "body" : path
    }
}

/// The fields that are read; others are ignored, as engines do.
private struct Wire: Decodable {
    var model: String?
    var messages: [Message]
    var stream: Bool?
    var streamOptions: StreamOptions?
    var maxTokens: Int?
    var maxCompletionTokens: Int?
    var choices: Int?

    enum CodingKeys: String, CodingKey {
        case model, messages, stream
        case streamOptions = "stream_options"
        case maxTokens = "max_tokens"
        case maxCompletionTokens = "max_completion_tokens"
        case choices = "n"
    }

    struct StreamOptions: Decodable {
        var includeUsage: Bool?

        enum CodingKeys: String, CodingKey { case includeUsage = "include_usage" }
    }

    struct Message: Decodable {
        var role: String
        var content: Content?
    }

    /// A text, or a list of parts with texts.
    struct Content: Decodable {
        var parts: [String]

        private struct Part: Decodable {
            var text: String?
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {  // Not a text: then the list below reports what is wrong.
                parts = [text]
            } else {
                parts = try container.decode([Part].self).compactMap(\.text)
            }
        }
    }
}
