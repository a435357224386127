import Synchronization
import TestSupport
import Testing
import Transport

@Suite("streamed answers")
struct StreamingTests {
    @Test("returns on the headers, and brings each piece when it comes")
    func asItComes() async throws {
        let isHeadSeen = Mutex(false)
        let server = try LoopbackServer { _, writer in
            try writer.begin(headers: [("Content-Type", "text/event-stream")])
            while !isHeadSeen.withLock(\.self) { guard writer.wait(.milliseconds(1)) else { return } }
            try writer.chunk("first")
            writer.wait(.milliseconds(40))
            try writer.chunk("second")
            try writer.end()
        }
        defer { server.stop() }
        let answer = try await HTTPClient().stream(HTTPRequest(url: server.url))
        #expect(answer.status == 200)
        #expect(answer.headers["content-type"] == "text/event-stream")
        #expect(answer.body.timings == nil)
        isHeadSeen.withLock { $0 = true }
        var chunks: [BodyChunk] = []
        for try await chunk in answer.body { chunks.append(chunk) }
        #expect(chunks.map { String(decoding: $0.bytes, as: UTF8.self) } == ["first", "second"])
        #expect(answer.sentAt < answer.headAt && answer.headAt < chunks[0].receivedAt)
        #expect(chunks[1].receivedAt - chunks[0].receivedAt >= .milliseconds(39))
        #expect(try #require(answer.body.timings).endedAt >= chunks[1].receivedAt)
    }

    @Test("times are taken when pieces arrive, however late they are read")
    func stamps() async throws {
        let server = try LoopbackServer { _, writer in
            try writer.begin()
            for _ in 0..<3 {
                try writer.chunk("x")
                writer.wait(.milliseconds(30))
            }
            try writer.end()
        }
        defer { server.stop() }
        let answer = try await HTTPClient().stream(HTTPRequest(url: server.url))
        while answer.body.timings == nil { await Task.yield() }  // All has arrived, nothing is read.
        let readAt = MonotonicTime.now
        var times: [MonotonicTime] = []
        for try await chunk in answer.body { times.append(chunk.receivedAt) }
        #expect(times.count == 3)
        #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 >= .milliseconds(29) })
        #expect(times.allSatisfy { $0 < readAt })
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
