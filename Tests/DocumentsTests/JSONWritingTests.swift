import Testing

@testable import Documents

@Suite struct JSONWritingTests {
    @Test("what is written is read back, and what is not seen is written as a number")
    func written() throws {
        let value = DocumentValue.array([
            .string("a\u{1}\u{7F}\u{9B}\u{202E}\u{E0001}é\"\\"), .integer(-1), .object([.init(key: "k", value: .null)]),
        ])
        #expect(value.json == #"["a\u0001\u007f\u009b\u202e\udb40\udc01é\"\\",-1,{"k":null}]"#)
        #expect(try JSONDocument.parse(value.json) == value)
    }
}
