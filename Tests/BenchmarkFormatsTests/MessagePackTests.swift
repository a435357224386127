import BenchmarkResults
import Documents
import Foundation
import TestSupport
import Testing

@testable import BenchmarkFormats

@Suite struct MessagePackTests {
    /// Values at the borders of every form, from the specification's table of formats.
    static let vectors: [(DocumentValue, [UInt8])] = [
        (.null, [0xC0]), (.boolean(false), [0xC2]), (.boolean(true), [0xC3]),
        (.integer(0), [0x00]), (.integer(127), [0x7F]), (.integer(128), [0xCC, 0x80]), (.integer(255), [0xCC, 0xFF]),
        (.integer(256), [0xCD, 1, 0]), (.integer(65_535), [0xCD, 0xFF, 0xFF]), (.integer(65_536), [0xCE, 0, 1, 0, 0]),
        (.integer(4_294_967_295), [0xCE, 0xFF, 0xFF, 0xFF, 0xFF]), (.integer(4_294_967_296), [0xCF, 0, 0, 0, 1, 0, 0, 0, 0]),
        (.integer(-1), [0xFF]), (.integer(-32), [0xE0]), (.integer(-33), [0xD0, 0xDF]), (.integer(-128), [0xD0, 0x80]),
        (.integer(-129), [0xD1, 0xFF, 0x7F]), (.integer(-32_768), [0xD1, 0x80, 0]), (.integer(-32_769), [0xD2, 0xFF, 0xFF, 0x7F, 0xFF]),
        (.integer(.min), [0xD3, 0x80, 0, 0, 0, 0, 0, 0, 0]), (.integer(.max), [0xCF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]),
        (.double(1.5), [0xCB, 0x3F, 0xF8, 0, 0, 0, 0, 0, 0]), (.double(.nan), [0xCB, 0x7F, 0xF8, 0, 0, 0, 0, 0, 0]),
        (.string(""), [0xA0]), (.string("é"), [0xA2, 0xC3, 0xA9]), (.array([]), [0x90]), (.object([]), [0x80]),
        (.object([.init(key: "a", value: .array([.integer(1), .null]))]), [0x81, 0xA1, 0x61, 0x92, 0x01, 0xC0]),
    ]

    @Test("every value has the specification's shortest form", arguments: vectors.indices)
    func forms(index: Int) {
        let (value, bytes) = Self.vectors[index]
        #expect(MessagePackEncoder.encode(value) == bytes)
    }

    @Test(
        "lengths take as many bytes as they need",
        arguments: [
            (31, [0xBF]), (32, [0xD9, 32]), (255, [0xD9, 255]), (256, [0xDA, 1, 0]), (65_535, [0xDA, 255, 255]),
            (65_536, [0xDB, 0, 1, 0, 0]),
        ] as [(Int, [UInt8])])
    func texts(count: Int, head: [UInt8]) {
        let bytes = MessagePackEncoder.encode(.string(String(repeating: "x", count: count)))
        #expect(Array(bytes.prefix(head.count)) == head && bytes.count == head.count + count)
    }

    @Test("lists and maps of 16 and of 65 536 take the next form")
    func collections() {
        func list(_ count: Int) -> DocumentValue { .array(Array(repeating: .null, count: count)) }
        #expect(MessagePackEncoder.encode(list(15)).first == 0x9F)
        #expect(MessagePackEncoder.encode(list(16)).prefix(3) == [0xDC, 0, 16])
        #expect(MessagePackEncoder.encode(list(65_536)).prefix(5) == [0xDD, 0, 1, 0, 0])
        let map = DocumentValue.object((0..<16).map { .init(key: "\($0)", value: .null) })
        #expect(MessagePackEncoder.encode(map).prefix(3) == [0xDE, 0, 16])
    }

    @Test(
        "the document of results has the same members in MessagePack as in JSON",
        .enabled(if: Python.has("msgpack"), "needs the Python package msgpack"))
    func results() throws {
        let summary = BenchmarkSummary(SampleRuns.sweep)
        let hex = try ExportFormat.messagePack.files(SampleRuns.sweep, summary)[0].bytes.map { String(format: "%02x", $0) }.joined()
        let script = "import msgpack, sys, json; print(json.dumps(msgpack.unpackb(bytes.fromhex(sys.stdin.read()))))"
        let found = try JSONDocument.parse(String(decoding: Python.run(script, input: hex), as: UTF8.self))
        let expected = try JSONDocument.parse(ExportFormat.json.files(SampleRuns.sweep, summary)[0].text)
        #expect(found == expected && found.text("metadata", "tool") == "llm-auto-optimizer")
    }

    @Test("Python's msgpack reads the same document", .enabled(if: Python.has("msgpack"), "needs the Python package msgpack"))
    func python() throws {
        let document = DocumentValue.object([
            .init(key: "text", value: .string(SampleRuns.hostileName)),
            .init(key: "numbers", value: .array(Self.vectors.map(\.0).filter(\.isNumber))),
            .init(key: "long", value: .string(String(repeating: "ö", count: 40_000))), .init(key: "none", value: .null),
        ])
        let hex = MessagePackEncoder.encode(document).map { String(format: "%02x", $0) }.joined()
        let script = "import msgpack, sys, json; print(json.dumps(msgpack.unpackb(bytes.fromhex(sys.stdin.read()))))"
        let found = try JSONDocument.parse(String(decoding: Python.run(script, input: hex), as: UTF8.self))
        let expected = try JSONDocument.parse(document.json)
        #expect(found == expected)
    }
}

extension DocumentValue {
    fileprivate var isNumber: Bool {
        switch self {
        case .integer: true
        case .double(let number): number.isFinite
        default: false
        }
    }
}
