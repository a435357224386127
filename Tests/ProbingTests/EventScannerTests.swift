import Documents
import Measurements
import Statistics
import Testing

@testable import Probing

@Suite("The scanner of events") struct EventScannerTests {
    static let table = EventTable([
        "a": .answer, "parts[*].text": .answer, "parts[*].thought": .isReasoning, "deep.er.reason": .reasoning, "calls": .toolCall,
        "n": .outputTokens, "why": .finishReason, "error": .error, "error.message": .errorMessage, "error.code": .errorCode, "end": .end,
    ])

    private func read(_ text: String, keepsText: Bool = false) -> ScannedEvent? {
        var text = text
        return text.withUTF8 { try? EventScanner.read(UnsafeRawBufferPointer($0), Self.table, keepsText: keepsText) }
    }

    @Test("takes what the paths lead to and nothing else")
    func takes() throws {
        let found = try #require(
            read(
                #" {"x":{"a":"no","n":1},"a":"yes","b":[{"a":"no"}],"deep":{"er":{"reason":"hm"}},"n":12,"why":"stop","calls":[]} "#,
                keepsText: true))
        #expect(found.content == [.answer, .reasoning] && found.text == "yes")
        #expect(found.usage == TokenUsage(outputTokens: 12) && found.finishReason == "stop" && !found.hasError && !found.isEnd)
        #expect(read(#"{"calls":[{}]}"#)?.content == .toolCall && read(#"{"calls":{}}"#)?.content == [])
        #expect(read(#"{"a":"","deep":{"er":{"reason":null}}}"#)?.content == [])
        #expect(read(#"{"end":true}"#)?.isEnd == true && read(#"{"end":false}"#)?.isEnd == false && read(#"{"end":"x"}"#)?.isEnd == true)
    }

    @Test("an object that says it is reasoning is, wherever it says so")
    func marked() throws {
        let found = try #require(
            read(
                #"{"parts":[{"text":"a","thought":false},{"thought":true,"text":"b"},{"text":"c","thought":true},{"text":"d"}]}"#,
                keepsText: true))
        #expect(found.content == [.answer, .reasoning] && found.text == "ad")
        #expect(read(#"{"parts":[{"text":"b","thought":true}]}"#)?.content == .reasoning)
    }

    @Test("texts are decoded, keys with escapes are known")
    func escapes() {
        #expect(read(#"{"\u0061":"x\n\"\\\/\u00e9\ud83d\ude00\ud83dz"}"#, keepsText: true)?.text == "x\n\"\\/é😀\u{FFFD}z")
    }

    @Test(
        "numbers of tokens are whole, not negative and not absurd",
        arguments: [
            ("12", 12), ("12.0", 12), ("1.2e1", 12), ("-1", nil), ("1.5", nil), ("1e300", nil), ("\"12\"", nil), ("NaN", nil),
            ("null", nil),
        ])
    func counts(text: String, expected: Int?) {
        #expect(read("{\"n\":\(text)}").map(\.usage.outputTokens) == .some(expected))
    }

    @Test("errors are told by being there")
    func errors() {
        #expect(read(#"{"error":null}"#)?.hasError == false && read(#"{"error":{}}"#)?.hasError == true)
        #expect(read(#"{"error":"broken"}"#)?.errorMessage == "broken")
        #expect(read(#"{"error":{"message":"m","code":503}}"#)?.errorCode == 503)
    }

    static let texts = [
        "{}", "[]", "0", "-0", "01", "-", "1.", ".5", "1e", "1e5", "1E+5", "1.5e-3", "0x10", "--1", "tru", "true", "nul", "null", "\"\"",
        "\"",
        "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u00e9\"", "\"\t\"", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "{\"a\":1 \"b\":2}", "[1,]",
        "[,1]", "[1 2]", "[1}", "{\"a\":[1]", "", " ", "1 2", "{} {}", "{a:1}", "{'a':1}", "[[[[]]]]", "+1", "1_000", "infinity", "inf",
        "nan",
        "{\"a\":1}\n", "\u{1}", "[1\u{B}]",
    ]

    @Test("says of a text what the general reader of JSON says", arguments: texts)
    func agrees(text: String) {
        #expect((read(text) != nil) == ((try? JSONDocument.parse(text)) != nil))
    }

    @Test("says of damaged texts what the general reader of JSON says", arguments: UInt64(1)...200)
    func agreesOnDamage(seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        let whole = Array(#"{"choices":[{"delta":{"content":"a\"b\\","n":[1,-2.5e3,true,null]},"x":{}}],"usage":{"k":"ü"}}"#.utf8)
        for _ in 0..<20 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: 0x20..<0x7F, using: &generator)
                case 1: bytes.remove(at: place)
                default: bytes.insert(Array("{}[],:\"\\0e-t ".utf8).randomElement(using: &generator) ?? 0, at: place)
                }
            }
            guard String(validating: bytes, as: UTF8.self) != nil else { continue }  // We replace what the general reader refuses.
            let ours = bytes.withUnsafeBytes { try? EventScanner.read($0, Self.table) } != nil
            let theirs = bytes.withUnsafeBytes { try? JSONDocument.parse($0) } != nil
            #expect(ours == theirs, "seed \(seed): \(String(decoding: bytes, as: UTF8.self))")
        }
    }

    @Test("nesting beyond the limit is refused and costs no stack")
    func deep() {
        let limit = EventScanner.maximumDepth
        #expect(read(String(repeating: "[", count: limit) + String(repeating: "]", count: limit)) != nil)
        #expect(read(String(repeating: "[", count: 1_000_000)) == nil && read(String(repeating: "{\"a\":", count: 200_000)) == nil)
    }

    @Test(
        "paths that lead nowhere are refused with the reason",
        arguments: ["", "a..b", "a[0]", "a.[*]", "a[*", String(repeating: "a.", count: 20) + "a"])
    func paths(text: String) {
        #expect(throws: MalformedPath.self) { try EventPath(text) }
    }
}
