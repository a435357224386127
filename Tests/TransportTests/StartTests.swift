import Foundation
import Synchronization
import TestSupport
import Testing
import Transport

@Suite("requests with a time of their own", .timeLimit(.minutes(1)))
struct StartTests {
    private func request(_ url: String, in wait: Duration) -> HTTPRequest {
        var request = HTTPRequest(url: url)
        request.startAt = .now + wait
        return request
    }

    @Test("are sent at their time and in its order, whatever the order they were given in")
    func order() async throws {
        let server = try LoopbackServer { _, writer in try writer.answer(200) }
        defer { server.stop() }
        let client = try HTTPClient()
        let waits = [Duration.milliseconds(80), .milliseconds(20), .milliseconds(50)]
        let given = MonotonicTime.now
        let sent = try await withThrowingTaskGroup(of: (Int, MonotonicTime?).self) { group in
            for (index, wait) in waits.enumerated() {
                var request = HTTPRequest(url: server.url + "/\(index)")
                request.startAt = given + wait
                group.addTask { [request] in (index, try await client.send(request).timings.sentAt) }
            }
            return try await group.reduce(into: [Int: MonotonicTime]()) { $0[$1.0] = $1.1 }
        }
        for (index, wait) in waits.enumerated() { #expect(try #require(sent[index]) >= given + wait) }
        #expect(server.record.requests.map(\.path) == ["/1", "/2", "/0"])
    }

    @Test("go at once where their time is over")
    func past() async throws {
        let server = try LoopbackServer { _, writer in try writer.answer(200) }
        defer { server.stop() }
        #expect(try await HTTPClient().send(request(server.url, in: .seconds(-5))).status == 200)
    }

    @Test("have deadlines that count from their time")
    func deadlines() async throws {
        let server = try LoopbackServer { _, writer in try writer.answer(200) }
        defer { server.stop() }
        var request = request(server.url, in: .milliseconds(60))
        request.deadlines.total = .milliseconds(50)
        request.followRedirects = 1
        #expect(try await HTTPClient().send(request).status == 200)
    }

    @Test("can be given up before, and then nothing is sent")
    func cancelled() async throws {
        let server = try LoopbackServer { _, writer in try writer.answer(200) }
        defer { server.stop() }
        let client = try HTTPClient()
        let task = Task { [request = request(server.url, in: .seconds(600))] in try await client.send(request) }
        task.cancel()
        let error = await #expect(throws: TransportError.self) { try await task.value }
        #expect(error?.kind == .cancelled && error?.mayHaveReachedServer == false)
        // Another one finds the client at work.
        #expect(try await client.send(HTTPRequest(url: server.url)).status == 200)
        #expect(server.record.requests.count == 1)
    }

    @Test("end with their client")
    func shutdown() async throws {
        let client = try HTTPClient()
        let task = Task { [request = request("http://127.0.0.1:9", in: .seconds(600))] in try await client.send(request) }
        await client.shutdown()
        let error = await #expect(throws: TransportError.self) { try await task.value }
        #expect(error?.kind == .cancelled)
    }
}
