import Synchronization
import TestSupport
import Testing
import Transport

@Suite("streamed answers")
struct StreamingTests {
    /// Sends a piece each time it is let, and ends after three.
    private func gatedServer(_ gate: Gate) throws -> LoopbackServer {
        try LoopbackServer { _, writer in
            try writer.begin(headers: [("Content-Type", "text/event-stream")])
            for piece in 1...3 {
                while gate.opened < piece { guard writer.wait(.milliseconds(1)) else { return } }
                try writer.chunk("\(piece)")
            }
            try writer.end()
        }
    }

    private final class Gate: Sendable {
        private let count = Mutex(0)
        var opened: Int { count.withLock(\.self) }
        func open() { count.withLock { $0 += 1 } }
    }

    @Test("returns on the headers, and brings each piece when it comes")
    func asItComes() async throws {
        let gate = Gate()
        let server = try gatedServer(gate)
        defer { server.stop() }
        let answer = try await HTTPClient().stream(HTTPRequest(url: server.url))
        #expect(answer.status == 200)
        #expect(answer.headers["content-type"] == "text/event-stream")
        #expect(answer.sentAt < answer.headAt)
        #expect(answer.body.timings == nil)
        var iterator = answer.body.makeAsyncIterator()
        for piece in 1...3 {
            let openedAt = MonotonicTime.now
            gate.open()
            let chunk = try #require(try await iterator.next())
            #expect(chunk.bytes == Array("\(piece)".utf8))
            #expect(chunk.receivedAt > openedAt)
        }
        #expect(try await iterator.next() == nil)
        #expect(try #require(answer.body.timings).headAt == answer.headAt)
    }

    @Test("times are taken when pieces arrive, however late they are read")
    func stamps() async throws {
        let gate = Gate()
        let server = try gatedServer(gate)
        defer { server.stop() }
        let answer = try await HTTPClient().stream(HTTPRequest(url: server.url))
        var seenAt: [MonotonicTime] = []
        for piece in 1...3 {
            gate.open()
            while answer.body.bufferedBytes < piece { await Task.yield() }
            seenAt.append(.now)
        }
        var times: [MonotonicTime] = []
        for try await chunk in answer.body { times.append(chunk.receivedAt) }
        try #require(times.count == 3)
        #expect(answer.headAt < times[0] && times[0] < seenAt[0])
        #expect(seenAt[0] < times[1] && times[1] < seenAt[1])
        #expect(seenAt[1] < times[2] && times[2] < seenAt[2])
    }

    @Test("pieces can be taken all at once, with the time of each")
    func together() async throws {
        let gate = Gate()
        let server = try gatedServer(gate)
        defer { server.stop() }
        let answer = try await HTTPClient().stream(HTTPRequest(url: server.url))
        gate.open()
        gate.open()
        while answer.body.bufferedBytes < 2 { await Task.yield() }
        let first = try #require(try await answer.body.nextPieces())
        var taken: [(text: String, at: MonotonicTime)] = []
        #expect(
            first.byteCount == 2
                && first.allTaken {
                    taken.append((String(decoding: $0, as: UTF8.self), $1)); return true
                })
        #expect(taken.map(\.text) == ["1", "2"] && taken[0].at <= taken[1].at)
        var asked = 0
        #expect(
            !first.allTaken { _, _ in
                asked += 1; return false
            } && asked == 1)
        gate.open()
        let rest = try #require(try await answer.body.nextPieces())
        #expect(rest.allTaken { bytes, time in bytes.elementsEqual("3".utf8) && time > taken[1].at })
        #expect(try await answer.body.nextPieces() == nil)
    }

    @Test("who wants to be woken late is woken by the end, and then all is there")
    func wokenByTheEnd() async throws {
        let gate = Gate()
        let server = try gatedServer(gate)
        defer { server.stop() }
        for _ in 1...3 { gate.open() }
        let answer = try await HTTPClient().stream(HTTPRequest(url: server.url, wakeAfterBytes: 1 << 20))
        #expect(answer.body.bufferedBytes == 3)
        #expect(answer.body.timings != nil)
        var pieces: [[UInt8]] = []
        for try await chunk in answer.body { pieces.append(chunk.bytes) }
        #expect(pieces == [Array("1".utf8), Array("2".utf8), Array("3".utf8)])
    }

    @Test("who wants to be woken late is woken when that much is there, and when the buffer is full", arguments: [2, 64 << 10])
    func wokenByBytes(wakeAfterBytes: Int) async throws {
        let isRead = Mutex(false)
        let server = try LoopbackServer { _, writer in
            try writer.begin()
            try writer.chunk([UInt8](repeating: 1, count: 40 << 10))
            while !isRead.withLock(\.self) { guard writer.wait(.milliseconds(1)) else { return } }
            try writer.end()
        }
        defer { server.stop() }
        let answer = try await HTTPClient().stream(
            HTTPRequest(url: server.url, streamBufferBytes: 16 << 10, wakeAfterBytes: wakeAfterBytes))
        var count = 0
        for try await chunk in answer.body {
            count += chunk.bytes.count
            if count > 16 << 10 { isRead.withLock { $0 = true } }
        }
        #expect(count == 40 << 10)
    }

    @Test("bytes that wait to be read bear the time they arrived")
    func arrivalTimes() async throws {
        let gate = Gate()
        let writtenAt = Mutex(MonotonicTime(nanoseconds: 0))
        let server = try LoopbackServer { _, writer in
            try writer.begin()
            try writer.chunk("1")
            while gate.opened < 1 { guard writer.wait(.milliseconds(1)) else { return } }
            try writer.chunk("2")
            writtenAt.withLock { $0 = .now }
            try writer.end()
        }
        defer { server.stop() }
        let client = try HTTPClient(settings: ClientSettings(readInterval: .milliseconds(500)))
        let answer = try await client.stream(HTTPRequest(url: server.url))
        var iterator = answer.body.makeAsyncIterator()
        _ = try await iterator.next()
        gate.open()
        let second = try #require(try await iterator.next())
        let readAt = MonotonicTime.now
        let written = writtenAt.withLock(\.self)
        #expect(second.bytes.first == UInt8(ascii: "2"))
        #expect(readAt - written > .milliseconds(200), "the sockets were left alone")
        #expect(second.receivedAt - written < .milliseconds(20))
    }

    @Test("any number of idle connections can be asked for", arguments: [Int.min, 0, 1, .max])
    func idleConnections(count: Int) async throws {
        let server = try LoopbackServer { _, writer in try writer.answer(body: [1]) }
        defer { server.stop() }
        let client = try HTTPClient(settings: ClientSettings(maxIdleConnections: count))
        for _ in 1...2 { #expect(try await client.send(HTTPRequest(url: server.url)).body == [1]) }
        #expect(server.record.connectionsOpened == 1)
    }

    @Test("a body may be split anywhere", arguments: 1...12)
    func splits(length: Int) async throws {
        let wire = Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nT: 1\r\n\r\n".utf8)
        let server = try LoopbackServer { _, writer in
            for start in stride(from: 0, to: wire.count, by: length) {
                try writer.raw(Array(wire[start..<min(start + length, wire.count)]))
                writer.wait(.milliseconds(1))
            }
        }
        defer { server.stop() }
        let answer = try await HTTPClient().stream(HTTPRequest(url: server.url))
        var body: [UInt8] = []
        for try await chunk in answer.body { body += chunk.bytes }
        #expect(body == Array("hello world".utf8))
    }

    @Test("what came before the connection broke is delivered, then the error", arguments: [LoopbackWriter.Cut.close, .reset])
    func broken(cut: LoopbackWriter.Cut) async throws {
        let isRead = Mutex(false)
        let server = try LoopbackServer { _, writer in
            try writer.begin()
            try writer.chunk("kept")
            while !isRead.withLock(\.self) { guard writer.wait(.milliseconds(1)) else { return } }
            writer.cut(cut)
        }
        defer { server.stop() }
        let answer = try await HTTPClient().stream(HTTPRequest(url: server.url))
        var iterator = answer.body.makeAsyncIterator()
        #expect(try await iterator.next()?.bytes == Array("kept".utf8))
        isRead.withLock { $0 = true }
        let error = await #expect(throws: TransportError.self) { try await iterator.next() }
        #expect(error?.kind == .connectionLost(afterSending: true, bytesReceived: 4))
    }

    @Test("a slow reader makes the server wait, and little is kept for it")
    func backPressure() async throws {
        let sent = Mutex(0)
        let total = 64 << 20
        let server = try LoopbackServer { _, writer in
            writer.limitSendBuffer(bytes: 64 << 10)
            try writer.begin()
            let piece = [UInt8](repeating: 3, count: 64 << 10)
            while sent.withLock(\.self) < total {
                try writer.chunk(piece)
                sent.withLock { $0 += piece.count }
            }
            try writer.end()
        }
        defer { server.stop() }
        let limit = 128 << 10
        let answer = try await HTTPClient().stream(HTTPRequest(url: server.url, streamBufferBytes: limit))
        var iterator = answer.body.makeAsyncIterator()
        var read = 0
        var most = 0
        var ahead = 0
        while let chunk = try await iterator.next() {
            read += chunk.bytes.count
            most = max(most, answer.body.bufferedBytes)
            ahead = max(ahead, sent.withLock(\.self) - read)
            if read < 1 << 20 { try await Task.sleep(for: .milliseconds(1)) }
        }
        #expect(read == total)
        #expect(most <= limit + (64 << 10), "one delivery may exceed the bound")
        #expect(ahead < 16 << 20, "the systems' socket buffers hold some megabytes, not the rest")
    }

    @Test("a thousand streams at once, each with its own body", .timeLimit(.minutes(1)))
    func thousandStreams() async throws {
        let count = 1_000
        let present = Mutex(0)
        let server = try LoopbackServer { request, writer in
            try writer.begin()
            present.withLock { $0 += 1 }
            while present.withLock(\.self) < count { guard writer.wait(.milliseconds(5)) else { return } }
            for part in 0..<4 { try writer.chunk("\(request.path)-\(part) ") }
            try writer.end()
        }
        defer { server.stop() }
        let client = try HTTPClient()
        let url = server.url
        let correct = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<count {
                group.addTask {
                    let answer = try await client.stream(HTTPRequest(url: "\(url)/\(number)"))
                    var body: [UInt8] = []
                    for try await chunk in answer.body { body += chunk.bytes }
                    return String(decoding: body, as: UTF8.self) == (0..<4).map { "/\(number)-\($0) " }.joined()
                }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(correct == count)
        #expect(server.record.connectionsOpened == count)
    }
}
