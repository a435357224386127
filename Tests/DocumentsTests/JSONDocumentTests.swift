import Documents
import Testing

@Suite("JSON documents")
struct JSONDocumentTests {
    @Test("values keep their kind and an object's members their order")
    func values() throws {
        let value = try JSONDocument.parse(#"{"b": [1, 2.5, "x\u00e9", true, null], "a": {"z": -3}}"#)
        #expect(value.members.map(\.key) == ["b", "a"])
        #expect(value["b"]?.elements == [.integer(1), .double(2.5), .string("xé"), .boolean(true), .null])
        #expect(value.integer("a", "z") == -3)
        #expect(value["a"]?["missing"] == nil)
    }

    @Test("of a key given twice the last counts")
    func repeatedKey() throws {
        #expect(try JSONDocument.parse(#"{"a": 1, "a": 2}"#).integer("a") == 2)
    }

    @Test("missing, zero and not finite are three different things")
    func readings() throws {
        let value = try JSONDocument.parse(
            #"{"zero": 0, "null": null, "nan": NaN, "inf": Infinity, "low": -Infinity, "text": "inf", "huge": 1e999, "word": "slow"}"#)
        #expect(value.number("zero") == .finite(0))
        #expect(value.number("null") == .missing)
        #expect(value.number("absent") == .missing)
        for key in ["nan", "inf", "low", "text", "huge"] { #expect(value.number(key) == .notFinite, "\(key)") }
        #expect(value.number("word") == .notANumber)
    }

    @Test("tokens inside strings are left alone while tokens outside are accepted")
    func tokensInStrings() throws {
        let value = try JSONDocument.parse(#"{"a": "say \"NaN\", Infinity", "b": [NaN, 3]}"#)
        #expect(value.text("a") == #"say "NaN", Infinity"#)
        #expect(value["b"]?.elements.map(\.number) == [.notFinite, .finite(3)])
    }

    @Test("integers beyond 64 bits become doubles")
    func hugeIntegers() throws {
        #expect(try JSONDocument.parse("18446744073709551615").number == .finite(0x1p64))
        #expect(try JSONDocument.parse("123456789012345678901234567890").number == .finite(1.2345678901234568e29))
    }

    @Test("a byte order mark is accepted")
    func byteOrderMark() throws {
        #expect(try JSONDocument.parse("\u{FEFF}{\"a\": 1}").integer("a") == 1)
    }

    @Test("values under omitted keys are left out")
    func omitting() throws {
        let value = try JSONDocument.parse(
            #"{"response": {"deep": [1, 2.5]}, "n": 1.5, "a": [1], "kept": 7}"#, omitting: ["response", "n", "a"])
        #expect(value.members.map(\.key) == ["kept"])
    }

    @Test(
        "errors say what was expected and where",
        arguments: [
            ("{\"a\": 1,\n  \"b\": }", 2, 8, "expected a value, found '}'"),
            ("{\"a\": [1, 2", 1, 12, "expected ',' or ']', found the end of the document; it may be cut off"),
            ("{\"a\" 1}", 1, 6, "expected ':' after a key, found '1'"),
            ("[1] x", 1, 5, "expected the end of the document, found 'x'"),
            ("", 1, 1, "expected a value, found the end of the document; it may be cut off"),
            ("{\"a\": \"x", 1, 7, "expected a closing '\"' for the string that starts here, found the end of the document"),
            ("[01]", 1, 2, "expected a number, found '01'"),
        ])
    func errors(text: String, line: Int, column: Int, message: String) {
        #expect(throws: DocumentError(.malformed, message, line: line, column: column, byteOffset: text.utf8Offset(line, column))) {
            try JSONDocument.parse(text)
        }
    }

    @Test("nesting and size are bounded")
    func bounds() {
        let deep = String(repeating: "[", count: 200_000)
        #expect(throws: DocumentError.self) { try JSONDocument.parse(deep) }
        #expect(throws: DocumentError.self) { try JSONDocument.parse(deep + String(repeating: "]", count: 200_000)) }
        let tooLarge = DocumentError(.tooLarge, "expected at most 3 bytes of JSON, found 4")
        #expect(throws: tooLarge) { try JSONDocument.parse("1234", limits: DocumentLimits(bytes: 3)) }
    }

    @Test("a document cut off anywhere, or with any byte changed, is read or refused but never crashes")
    func damage() throws {
        let text = #"{"a": [1, -2.5e3, "x\u00e9\ud83d\ude00", true, null, NaN], "b": {"c": {}, "d": []}}"#
        let bytes = Array(text.utf8)
        for length in bytes.indices {
            #expect(throws: DocumentError.self, "cut at \(length)") { try bytes[..<length].withUnsafeBytes { try JSONDocument.parse($0) } }
        }
        var random = SystemlessRandom(state: 7)
        for _ in 0..<20_000 {
            var damaged = bytes
            for _ in 0..<3 { damaged[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next()) }
            do { _ = try damaged.withUnsafeBytes { try JSONDocument.parse($0) } } catch { #expect(error is DocumentError) }
        }
    }
}

extension String {
    fileprivate func utf8Offset(_ line: Int, _ column: Int) -> Int {
        split(separator: "\n", omittingEmptySubsequences: false).prefix(line - 1).reduce(column - 1) { $0 + $1.utf8.count + 1 }
    }
}

/// SplitMix64, for damage that is the same in every run.
struct SystemlessRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
