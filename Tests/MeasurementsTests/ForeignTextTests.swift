import Testing

@testable import Measurements

@Suite struct ForeignTextTests {
    @Test(
        "nothing that could command a terminal is left",
        arguments: [("a\u{1B}[2Jb", "a\u{FFFD}[2Jb"), ("a\nb", "a b"), ("x\u{202E}y", "x\u{FFFD}y"), ("größe ✓", "größe ✓")])
    func printable(text: String, shown: String) {
        #expect(ForeignText.printable(text) == shown)
    }

    @Test(
        "what looks like a key is hidden",
        arguments: [
            ("401 for Bearer abc.def.ghi now", "401 for Bearer ••• now"),
            ("Incorrect API key: sk-abcdef123456.", "Incorrect API key: sk-•••"),
            ("GET /v1?key=0123456789&a=1", "GET /v1?key=•••&a=1"), ("task-force of keys", "task-force of keys"), ("plain", "plain"),
        ])
    func secrets(text: String, shown: String) {
        #expect(ForeignText.withoutSecrets(text) == shown)
    }

    @Test("an error's message is both")
    func error() {
        let error = InferenceError(type: "x\u{1B}", message: "Authorization: Bearer secret-token\u{7}")
        #expect(error.type == "x\u{FFFD}" && !error.message.contains("secret-token"))
    }
}
