/// The texts of one answer, whole or as server-sent events.
struct ChatAnswer: Sendable {
    let id: Int
    /// One of the known profiles, so that it needs no escaping.
    let model: String
    /// Seconds.
    let created: Int
    let request: ChatRequest

    /// What every token of a simulated answer says.
    static let word = " word"

    var role: String { chunk(#"{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}"#) }
    var token: String { chunk(#"{"index":0,"delta":{"content":"\#(Self.word)"},"finish_reason":null}"#) }

    /// Reason to finish, usage where it was asked for, and the end marker.
    var ending: String {
        let finish = chunk(#"{"index":0,"delta":{},"finish_reason":"length"}"#)
        let usage = request.includesUsage ? event(head("chat.completion.chunk") + #","choices":[],"usage":\#(usage)}"#) : ""
        return finish + usage + event("[DONE]")
    }

    /// The answer in one piece.
    var whole: String {
        let text = String(repeating: Self.word, count: request.outputTokens)
        return head("chat.completion")
            + #","choices":[{"index":0,"message":{"role":"assistant","content":"\#(text)"},"finish_reason":"length"}],"usage":\#(usage)}"#
    }

    static func error(_ message: String, type: String, status: Int) -> String {
        let escaped = message.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return #"{"error":{"message":"\#(escaped)","type":"\#(type)","code":\#(status)}}"#
    }

    private var usage: String {
        let (input, output) = (request.promptTokens, request.outputTokens)
        return #"{"prompt_tokens":\#(input),"completion_tokens":\#(output),"total_tokens":\#(input + output)}"#
    }

    private func head(_ object: String) -> String {
        #"{"id":"chatcmpl-\#(id)","object":"\#(object)","created":\#(created),"model":"\#(model)""#
    }

    private func chunk(_ choice: String) -> String { event(head("chat.completion.chunk") + #","choices":[\#(choice)]}"#) }

    private func event(_ data: String) -> String { "data: \(data)\n\n" }
}
