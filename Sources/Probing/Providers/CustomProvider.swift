import Documents

/// An interface that a file describes: where requests go and what they hold, and where in the answers is what.
///
/// ```yaml
/// path: /api/chat                      # behind the endpoint
/// headers: {Authorization: "Bearer {key}"}
/// body:                                # JSON to be, with placeholders
///   model: "{model}"
///   messages: "{messages}"
///   stream: "{stream}"
///   options: {num_predict: "{maximumOutputTokens}", temperature: "{temperature}"}
/// answer:                              # of a stream; paths, or lists of paths
///   framing: lines                     # or serverSentEvents
///   text: message.content
///   reasoning: message.thinking
///   inputTokens: prompt_eval_count
///   outputTokens: eval_count
///   finishReason: done_reason
///   end: done
///   error: error
/// whole: {text: message.content, outputTokens: eval_count}   # of an answer that is no stream; as the stream's where left out
/// ```
///
/// The end is where `end`, `finishReason`, `endEvent` or `endMarker` say, and where none of them is told, the end of the connection.
///
/// A member of the body whose value is one placeholder gets a value of its type, and is left out where there is none; within other text
/// `{model}`, `{prompt}`, `{system}` and, in headers, `{key}` are put in.
public struct CustomProvider: StreamingProvider {
    public let name = ProviderRegistry.custom
    public let model: String
    public let format: AnswerFormat
    private let path: String
    private let headers: [ProviderRequest.Header]
    private let body: DocumentValue

    init(model: String, path: String, headers: [ProviderRequest.Header], body: DocumentValue, format: AnswerFormat) {
        self.model = model
        self.path = path
        self.headers = headers
        self.body = body
        self.format = format
    }

    public func request(_ prompt: Prompt, key: String?) -> ProviderRequest {
        let placeholders = Placeholders(prompt: prompt, model: model)
        let filled = headers.compactMap { header -> ProviderRequest.Header? in
            guard header.value.contains("{key}") else { return header }
            guard let key else { return nil }
            return .init(header.name, Placeholders.replace(in: header.value) { $0 == "key" ? key : nil })
        }
        return ProviderRequest(
            path: Placeholders.replace(in: path) { $0 == "model" ? percentEncoded(model) : nil },
            headers: filled, body: (placeholders.fill(body) ?? .object([])).jsonBytes)
    }
}

/// What is put into the places of a described body.
struct Placeholders {
    let prompt: Prompt
    let model: String

    static let names = [
        "model", "messages", "prompt", "system", "stream", "maximumOutputTokens", "temperature", "topP", "topK", "seed", "stop",
        "ignoreEndOfSequence",
    ]

    /// A value with its placeholders filled; `nil` where it is to be left out.
    func fill(_ value: DocumentValue) -> DocumentValue? {
        switch value {
        case .object(let members):
            .object(members.compactMap { member in fill(member.value).map { .init(key: member.key, value: $0) } })
        case .array(let elements): .array(elements.compactMap(fill))
        case .string(let text):
            if let name = Self.single(text) { self.value(name) } else { .string(Self.replace(in: text, with: self.text)) }
        default: value
        }
    }

    /// The name where a text is one placeholder and nothing else.
    static func single(_ text: String) -> String? {
        guard text.hasPrefix("{"), text.hasSuffix("}") else { return nil }
        let name = String(text.dropFirst().dropLast())
        return names.contains(name) ? name : nil
    }

    /// Puts texts in once: what was put in is not looked at again.
    static func replace(in text: String, with value: (String) -> String?) -> String {
        var result = ""
        var rest = text[...]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            result += rest[..<open]
            let name = String(rest[rest.index(after: open)..<close])
            result += value(name) ?? String(rest[open...close])
            rest = rest[rest.index(after: close)...]
        }
        return result + rest
    }

    private func text(_ name: String) -> String? {
        switch name {
        case "model": model
        case "prompt": prompt.text
        case "system": prompt.system ?? ""
        default: nil
        }
    }

    private func value(_ name: String) -> DocumentValue? {
        switch name {
        case "messages": prompt.messages()
        case "system": prompt.system.map(DocumentValue.string)
        case "stream": .boolean(prompt.isStreamed)
        case "maximumOutputTokens": .integer(Int64(prompt.maximumOutputTokens))
        case "temperature": prompt.sampling.temperature.map(DocumentValue.double)
        case "topP": prompt.sampling.topP.map(DocumentValue.double)
        case "topK": prompt.sampling.topK.map { .integer(Int64($0)) }
        case "seed": prompt.sampling.seed.map { .integer(Int64($0)) }
        case "stop": prompt.sampling.stop.isEmpty ? nil : .array(prompt.sampling.stop.map(DocumentValue.string))
        case "ignoreEndOfSequence": prompt.ignoresEndOfSequence ? .boolean(true) : nil
        default: text(name).map(DocumentValue.string)
        }
    }
}
