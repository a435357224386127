import Foundation
import TestSupport
import Testing

@testable import Transport

@Suite("deadlines")
struct DeadlineTests {
    @Test(
        "the first byte, the silence between bytes and the whole each have their own", arguments: TransportError.Phase.allCases.dropFirst())
    func phases(phase: TransportError.Phase) async throws {
        let server = try LoopbackServer { _, writer in
            if phase == .firstByte { return writer.stall() }
            try writer.begin()
            try writer.chunk("a")
            if phase == .idle { return writer.stall() }
            while writer.wait(.milliseconds(20)) { try writer.chunk("more") }
        }
        defer { server.stop() }
        var deadlines = Deadlines()
        switch phase {
        case .connect: return
        case .firstByte: deadlines.firstByte = .milliseconds(80)
        case .idle: deadlines.idle = .milliseconds(80)
        case .total: deadlines.total = .milliseconds(120)
        }
        let start = MonotonicTime.now
        let error = try #require(await failure(of: HTTPRequest(url: server.url, deadlines: deadlines)))
        let elapsed = MonotonicTime.now - start
        #expect(error.kind == .timedOut(phase))
        #expect(error.mayHaveReachedServer)
        #expect(elapsed >= .milliseconds(79))
        #expect(await server.wait { $0.openConnections == 0 }, "the connection is not kept")
    }

    @Test("a handshake that does not come is a matter of connecting, and nothing was sent", arguments: [true, false])
    func connecting(byTotal: Bool) async throws {
        let server = try LoopbackServer { _, writer in writer.stall() }  // Takes the TLS greeting for a request and waits for its end.
        defer { server.stop() }
        let deadlines = byTotal ? Deadlines(total: .milliseconds(80)) : Deadlines(connect: .milliseconds(80))
        let error = try #require(await failure(of: HTTPRequest(url: "https://127.0.0.1:\(server.port)/", deadlines: deadlines)))
        #expect(error.kind == .timedOut(byTotal ? .total : .connect))
        #expect(!error.mayHaveReachedServer)
    }

    @Test("a reader that is slow does not make the server late")
    func slowReader() async throws {
        let server = try LoopbackServer { _, writer in
            try writer.begin()
            for _ in 0..<64 { try writer.chunk([UInt8](repeating: 1, count: 64 << 10)) }
            try writer.end()
        }
        defer { server.stop() }
        let answer = try await HTTPClient().stream(
            HTTPRequest(url: server.url, deadlines: Deadlines(idle: .milliseconds(50)), streamBufferBytes: 32 << 10))
        try await Task.sleep(for: .milliseconds(150))  // The time that must not count.
        var count = 0
        for try await chunk in answer.body { count += chunk.bytes.count }
        #expect(count == 4 << 20)
    }

    @Test("when to look again follows from what has happened so far")
    func check() {
        let time = { (milliseconds: Int64) in MonotonicTime(nanoseconds: milliseconds * 1_000_000) }
        let deadlines = Deadlines(
            connect: .milliseconds(100), firstByte: .milliseconds(50), idle: .milliseconds(70), total: .milliseconds(1_000))
        var progress = TransferProgress(startedAt: time(0))
        #expect(DeadlineCheck(deadlines, progress, now: time(10)) == .later(time(60)), "it may be sent at once and be silent from then")
        #expect(DeadlineCheck(deadlines, progress, now: time(60)) == .later(time(100)))
        #expect(DeadlineCheck(deadlines, progress, now: time(100)) == .expired(.connect))
        progress.sentAt = time(90)
        #expect(DeadlineCheck(deadlines, progress, now: time(100)) == .later(time(140)))
        #expect(DeadlineCheck(deadlines, progress, now: time(140)) == .expired(.firstByte))
        progress.receivedAt = time(130)
        #expect(DeadlineCheck(deadlines, progress, now: time(199)) == .later(time(200)))
        #expect(DeadlineCheck(deadlines, progress, now: time(200)) == .expired(.idle))
        progress.isPaused = true
        #expect(DeadlineCheck(deadlines, progress, now: time(900)) == .later(time(970)))
        #expect(DeadlineCheck(deadlines, progress, now: time(1_000)) == .expired(.total))
        let none = Deadlines(connect: nil, firstByte: nil, idle: nil, total: nil)
        #expect(DeadlineCheck(none, progress, now: time(9_999_999)) == .never)
    }
}
