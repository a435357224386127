import Foundation
import Probing
import Statistics
import TestSupport
import Testing

@Suite("Server-sent events")
struct ServerSentEventsTests {
    /// Streams and the events the standard sees in them.
    static let streams: [(text: String, events: [ServerSentEvent])] = [
        ("data: one\n\ndata:two\n\n", [.init(data: "one"), .init(data: "two")]),
        ("data: one\r\rdata: two\r\n\r\n", [.init(data: "one"), .init(data: "two")]),
        ("\u{FEFF}data: after a byte order mark\n\n", [.init(data: "after a byte order mark")]),
        ("data: \u{FEFF}inside\n\n", [.init(data: "\u{FEFF}inside")]),
        (": comment\n\n:\ndata: a\n: in between\ndata: b\ndata\ndata:  c\n\n", [.init(data: "a\nb\n\n c")]),
        ("event: add\nid: 7\ndata: x\n\ndata: y\n\n", [.init(type: "add", data: "x", lastID: "7"), .init(data: "y", lastID: "7")]),
        ("event: nothing\n\nid\ndata\n\n", [.init(data: "")]),
        ("id: a\0b\ndata: z\nunknown: field\nretry: 1x\n\n", [.init(data: "z")]),
        (
            "data: gr\u{FC}\u{DF}e \u{1F600} \u{4E2D}\r\n\r\ndata: [DONE]\r\n\r\n",
            [.init(data: "gr\u{FC}\u{DF}e \u{1F600} \u{4E2D}"), .init(data: "[DONE]")]
        ),
        ("data: left behind", []), ("", []), ("\n\n\r\n\r", []),
    ]

    @Test("events are what the standard says", arguments: streams)
    func standard(text: String, expected: [ServerSentEvent]) throws {
        #expect(try events(of: [Array(text.utf8)]) == expected)
    }

    @Test("every cut in two, and every byte by itself, gives the same events", arguments: streams)
    func cutInTwo(text: String, expected: [ServerSentEvent]) throws {
        let bytes = Array(text.utf8)
        for cut in 0...bytes.count {
            #expect(try events(of: [Array(bytes[..<cut]), Array(bytes[cut...])]) == expected, "cut at \(cut)")
        }
        #expect(try events(of: bytes.map { [$0] }) == expected)
    }

    @Test("any number of cuts gives the same events", arguments: UInt64(1)...60)
    func manyCuts(seed: UInt64) throws {
        var generator = SplitMix64(seed: seed)
        let chosen = (0..<6).map { _ in Self.streams[Int.random(in: 0..<9, using: &generator)].text }
        let bytes = Array(chosen.joined().utf8)
        let whole = try events(of: [bytes])
        var pieces: [[UInt8]] = []
        var position = 0
        while position < bytes.count {
            let end = min(bytes.count, position + Int.random(in: 0...9, using: &generator))
            pieces.append(Array(bytes[position..<end]))
            position = end
        }
        #expect(try events(of: pieces) == whole, "seed \(seed)")
    }

    @Test("bytes that are no characters become replacement characters, also when a character is cut by the end of a line")
    func invalidCharacters() throws {
        let stream: [UInt8] = Array("data: a".utf8) + [0xFF, 0xE2, 0x82] + Array("\n\n".utf8)
        #expect(try events(of: [stream]) == [.init(data: "a\u{FFFD}\u{FFFD}")])
    }

    @Test("a stream that stops within an event hands over what it held")
    func brokenOff() throws {
        var parser = ServerSentEvents()
        #expect(try parser.append("data: {}\n\ndata: [DONE]".utf8) == [.init(data: "{}")])
        #expect(try parser.finish() == .init(data: "[DONE]"))
        #expect(try parser.finish() == nil)
    }

    @Test("the wait before connecting again is read")
    func retry() throws {
        var parser = ServerSentEvents()
        _ = try parser.append("retry: 1500\n\nretry: -1\n\nretry: 99999999999999999999\n\n".utf8)
        #expect(parser.retryMilliseconds == 1_500)
    }

    @Test("a line, an event of many lines, and a name that never ends are refused at the limit")
    func tooLarge() {
        let limit = 1_000
        for stream in [
            "data: " + String(repeating: "x", count: 2_000), String(repeating: "data: 0123456789\n", count: 200),
            String(repeating: "y", count: 2_000),
        ] {
            var parser = ServerSentEvents(limitBytes: limit)
            #expect(throws: EventTooLarge(limitBytes: limit)) { _ = try parser.append(stream.utf8) }
        }
        var parser = ServerSentEvents()
        #expect(throws: EventTooLarge(limitBytes: 1 << 20)) {
            let piece = [UInt8](repeating: 0x61, count: 64 << 10)
            for _ in 0..<160 { _ = try parser.append(piece) }  // 10 MiB.
        }
    }

    private func events(of pieces: [[UInt8]]) throws -> [ServerSentEvent] {
        var parser = ServerSentEvents()
        return try pieces.flatMap { try parser.append($0) }
    }
}
