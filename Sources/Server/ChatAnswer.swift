/// The words of OpenAI's API for an answer. The text is made of stock words: a simulated engine has nothing to say.
struct ChatAnswer {
    let id: Int
    /// Seconds since 1970.
    let created: Int64
    /// A JSON string with its quotes.
    let model: String

    init(id: Int, created: Int64, model: String) {
        self.id = id
        self.created = created
        self.model = JSONText.quoted(model)
    }

    private static let words = ["time ", "and ", "tide ", "wait ", "for ", "no ", "one "]

    static func word(_ index: Int) -> String { words[index % words.count] }

    var roleEvent: String { event(choices: choice(delta: #"{"role":"assistant","content":""}"#)) }

    func tokenEvent(_ index: Int) -> String { event(choices: choice(delta: #"{"content":"\#(Self.word(index))"}"#)) }

    var finishEvent: String { event(choices: choice(delta: "{}", finish: #""length""#)) }

    func usageEvent(prompt: Int, output: Int) -> String { event(choices: "", usage: usage(prompt: prompt, output: output)) }

    static let end = "data: [DONE]\n\n"

    func whole(prompt: Int, output: Int) -> String {
        let text = (0..<output).map(Self.word).joined()
        let choice = #"{"index":0,"message":{"role":"assistant","content":"\#(text)"},"finish_reason":"length"}"#
        return "{\(head("chat.completion")),\"choices\":[\(choice)],\"usage\":\(usage(prompt: prompt, output: output))}"
    }

    private func head(_ object: String) -> String {
        #""id":"chatcmpl-\#(id)","object":"\#(object)","created":\#(created),"model":\#(model)"#
    }

    private func choice(delta: String, finish: String = "null") -> String { #"{"index":0,"delta":\#(delta),"finish_reason":\#(finish)}"# }

    private func usage(prompt: Int, output: Int) -> String {
        #"{"prompt_tokens":\#(prompt),"completion_tokens":\#(output),"total_tokens":\#(prompt + output)}"#
    }

    private func event(choices: String, usage: String? = nil) -> String {
        let counted = usage.map { ",\"usage\":\($0)" } ?? ""
        return "data: {\(head("chat.completion.chunk")),\"choices\":[\(choices)]\(counted)}\n\n"
    }
}

enum JSONText {
    /// A JSON string with its quotes.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    static func error(_ message: String, type: String, status: Int) -> String {
        #"{"error":{"message":\#(quoted(message)),"type":"\#(type)","param":null,"code":\#(status)}}"#
    }
}
