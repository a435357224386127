import Measurements
import Testing

@testable import Probing

@Suite("What a server repeats in its errors") struct EchoTests {
    static let echo = Echo(key: "sk-kq7-zz", prompt: "Tell me of the seven bridges of Königsberg and who crossed them")

    @Test(
        "key and prompt are taken out, other words stay",
        arguments: [
            ("no such model", "no such model"), ("bad key sk-kq7-zz!", "bad key …!"),
            ("cannot answer: \"Tell me of the seven bridges of Königsberg and who crossed them\" now", "cannot answer: \"Tell … now"),
            ("said of the seven bridges of Kön", "said …"), ("of the seven", "of the seven"), ("", ""),
        ])
    func removed(message: String, expected: String) {
        #expect(Self.echo.removed(from: InferenceError(type: "http_500", message: message, code: 500)).message == expected)
    }

    @Test("without a key nothing is taken for one")
    func noKey() {
        for key in [nil, ""] {
            let error = InferenceError(type: "http_401", message: "who are you?", code: 401)
            #expect(Echo(key: key, prompt: "").removed(from: error) == error)
        }
    }
}
