import Documents
import Testing

@Suite("YAML documents")
struct YAMLDocumentTests {
    @Test("every node and every key knows its place")
    func places() throws {
        let node = try yaml("# policy\nspec:\n  window: 5m\n  steps:\n  - max: '10'\n  - [a, b]\n")
        let spec = try #require(node.entry("spec"))
        #expect(spec.keyMark == .init(line: 2, column: 1))
        let window = try #require(spec.value.entry("window"))
        #expect(window.keyMark == .init(line: 3, column: 3))
        #expect(window.value.mark == .init(line: 3, column: 11))
        #expect(window.value.scalar == "5m")
        #expect(window.value.style == .plain)
        let steps = try #require(spec.value["steps"]?.sequence)
        #expect(steps[0]["max"]?.mark == .init(line: 5, column: 10))
        #expect(steps[0]["max"]?.style == .quoted)
        #expect(steps[1].sequence?[1].mark == .init(line: 6, column: 9))
    }

    @Test("a stream holds several documents; empty ones do not count")
    func severalDocuments() throws {
        let documents = try YAMLDocument.parseAll("---\na: 1\n---\n---\n# nothing\n---\nb: 2\n...\n")
        #expect(documents.map { $0.mapping?.first?.key } == ["a", "b"])
        #expect(documents[1].entry("b")?.keyMark.line == 7)
    }

    @Test(
        "plain scalars follow YAML 1.2",
        arguments: [
            ("on", DocumentValue.string("on")), ("no", .string("no")), ("1:30", .string("1:30")), ("true", .boolean(true)), ("~", .null),
            ("12", .integer(12)), ("-0.5", .double(-0.5)), ("1e3", .double(1000)), (".nan", .string("NaN")), ("'12'", .string("12")),
            ("0x1F", .integer(31)), ("!!str 12", .string("12")), ("5m", .string("5m")), ("2026-11-21", .string("2026-11-21")),
            (".inf", .string("Infinity")), ("nanosecond", .string("nanosecond")), ("+", .string("+")), ("010", .integer(10)),
        ])
    func coreSchema(text: String, expected: DocumentValue) throws {
        #expect(try yaml("key: \(text)")["key"]?.value == expected)
    }

    @Test("aliases are resolved and keep the place where they stand")
    func aliases() throws {
        let node = try yaml("base: &base {a: 1, glob: \"*.json\"}\ncopy: *base\nlist:\n- *base\n- results/*.json\n")
        #expect(node["copy"]?["a"]?.scalar == "1")
        #expect(node["copy"]?["glob"]?.scalar == "*.json")
        #expect(node["copy"]?.mark == .init(line: 2, column: 7))
        #expect(node["list"]?.sequence?[1].scalar == "results/*.json")
    }

    @Test("an alias needs an anchor before it, and a node cannot hold itself")
    func undefinedAlias() {
        #expect(throws: DocumentError(.alias, "found the alias '*nobody' but no anchor of that name before it", line: 1, column: 4)) {
            try yaml("a: *nobody")
        }
        #expect(throws: DocumentError(.alias, "found the alias '*self' but no anchor of that name before it", line: 1, column: 11)) {
            try yaml("a: &self [*self]")
        }
    }

    @Test(
        "aliases that double at every step are refused, as values and as keys", arguments: ["", "? *l30\n: x\n", "[*l30]: x\n", "{*l30}\n"])
    func bombs(tail: String) {
        var text = "l0: &l0 [x, x]\n"
        for level in 1...30 { text += "l\(level): &l\(level) [*l\(level - 1), *l\(level - 1)]\n" }
        #expect(throws: DocumentError.self) { try yaml(text + tail) }
    }

    @Test("more aliases than allowed are refused with the place of the first too many")
    func aliasCount() {
        let text = "a: &a 1\nb:\n" + String(repeating: "- *a\n", count: 65)
        #expect(throws: DocumentError(.alias, "expected at most 64 aliases in a document, found more", line: 67, column: 3)) {
            try yaml(text)
        }
    }

    @Test(
        "the second of two equal keys is named",
        arguments: [
            ("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n", 5, 3, "the key 'c' is given twice; the first is in line 3"),
            ("a: 1\n\"a\": 2\n", 2, 1, "the key 'a' is given twice; the first is in line 1"),
            ("{a: 1, a: 2}\n", 1, 2, "the key 'a' is given twice in this mapping"),
        ])
    func duplicateKeys(text: String, line: Int, column: Int, message: String) {
        #expect(throws: DocumentError(.duplicateKey, message, line: line, column: column)) { try yaml(text) }
    }

    @Test(
        "errors name their place",
        arguments: [
            ("a:\n\tb: 1\n", 2, 1, "found a tab in the indentation; YAML is indented with spaces"),
            ("a: \"x\n", 2, 1, "expected YAML: found unexpected end of stream, while scanning a quoted scalar"),
            ("a: 1\n b: 2\n", 2, 3, "expected YAML: mapping values are not allowed in this context"),
            ("a: 1\n? [x]\n: 2\n", 2, 3, "expected a text as a key, found a list"),
        ])
    func syntaxErrors(text: String, line: Int, column: Int, message: String) {
        #expect(throws: DocumentError(.malformed, message, line: line, column: column)) { try yaml(text) }
    }

    @Test("bytes that are no text are refused with their place")
    func encodings() {
        #expect(throws: DocumentError(.encoding, "expected UTF-8, found UTF-16; save the file as UTF-8", line: 1, column: 1)) {
            try parse([0xFF, 0xFE, 0x61, 0x00])
        }
        let nul = "expected text, found a NUL byte; the file may be binary or UTF-16"
        #expect(throws: DocumentError(.encoding, nul, line: 2, column: 2, byteOffset: 6)) { try parse(Array("a: 1".utf8) + [10, 98, 0]) }
        #expect(throws: DocumentError(.encoding, "expected UTF-8, found byte 255", line: 1, column: 4, byteOffset: 4)) {
            try parse(Array("é: ".utf8) + [0xFF])
        }
        #expect((try? parse([0xEF, 0xBB, 0xBF] + Array("a: 1".utf8)))?["a"]?.scalar == "1")
    }

    @Test("size, depth and nodes are bounded")
    func bounds() {
        #expect(throws: DocumentError.self) { try yaml(String(repeating: "[", count: 5_000)) }
        #expect(throws: DocumentError.self) { try yaml("a: " + String(repeating: "[", count: 200) + String(repeating: "]", count: 200)) }
        #expect(throws: DocumentError.self) { try YAMLDocument.parseAll("a: 123456789", limits: DocumentLimits(bytes: 5)) }
        #expect(throws: DocumentError.self) { try YAMLDocument.parseAll("[1, 2, 3]", limits: DocumentLimits(bytes: 50, nodes: 3)) }
    }

    @Test("a document cut off anywhere, or with any byte changed, is read or refused but never crashes")
    func damage() {
        let bytes = Array("a: &x [1, 'b', \"c\\n\"]\nd: {e: *x, f: |\n  text\n  more}\n? g\n: - h\n  - !!str 5\n---\nz: ~\n".utf8)
        for length in bytes.indices { tolerate(Array(bytes[..<length])) }
        var random = SystemlessRandom(state: 11)
        for _ in 0..<3_000 {
            var damaged = bytes
            for _ in 0..<3 { damaged[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next()) }
            tolerate(damaged)
        }
    }

    private func tolerate(_ bytes: [UInt8]) {
        do { _ = try bytes.withUnsafeBytes { try YAMLDocument.parseAll($0) } } catch {
            #expect(error is DocumentError, "\(bytes): \(error)")
        }
    }

    private func parse(_ bytes: [UInt8]) throws -> YAMLNode { try bytes.withUnsafeBytes { try YAMLDocument.parse($0) } }

    private func yaml(_ text: String) throws -> YAMLNode { try parse(Array(text.utf8)) }
}
