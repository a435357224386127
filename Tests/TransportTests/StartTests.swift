import TestSupport
import Testing

@testable import Transport

@Suite("requests with a time of their own", .timeLimit(.minutes(1)))
struct StartTests {
    private func request(_ url: String, in wait: Duration) -> HTTPRequest {
        var request = HTTPRequest(url: url)
        request.startAt = .now + wait
        return request
    }

    @Test("are not sent before it, in whatever order they were given")
    func notBefore() async throws {
        let server = try LoopbackServer { _, writer in try writer.answer(200) }
        defer { server.stop() }
        let client = try HTTPClient()
        let given = MonotonicTime.now
        let sent = try await withThrowingTaskGroup(of: (wait: Duration, sentAt: MonotonicTime?).self) { group in
            for wait in [Duration.milliseconds(80), .milliseconds(20), .milliseconds(50)] {
                var request = HTTPRequest(url: server.url)
                request.startAt = given + wait
                group.addTask { [request] in (wait, try await client.send(request).timings.sentAt) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        for (wait, sentAt) in sent { #expect(try #require(sentAt) >= given + wait) }
        #expect(server.record.requests.count == 3)
    }

    @Test("wait in the order of their times, of two at one time in the order they were given")
    func order() throws {
        final class Nobody: TransferObserver {
            var isCancelled: Bool { false }
            func received(_ head: AnswerHead) -> Bool { false }
            func received(_ bytes: UnsafeRawBufferPointer, at time: MonotonicTime) -> Acceptance { .full }
            func deliver() {}
            func finished(_ outcome: Result<PhaseTimings, TransportError>) {}
        }
        func at(_ nanoseconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: nanoseconds) }
        var upcoming = UpcomingRequests()
        var observers: [Nobody] = []
        for time in [5, 3, 9, 3, 1] as [Int64] {
            observers.append(Nobody())
            let checked = try CheckedRequest(HTTPRequest(url: "http://h/\(observers.count - 1)"))
            upcoming.add(.init(time: at(time), checked: checked, observer: observers[observers.count - 1]))
        }
        #expect(upcoming.remove(ObjectIdentifier(observers[0]))?.time == at(5) && upcoming.remove(ObjectIdentifier(observers[0])) == nil)
        #expect(upcoming.first == at(1) && upcoming.popFirst(at: at(0)) == nil)
        var order: [String] = []
        while let next = upcoming.popFirst(at: at(8)) { order.append(next.checked.request.url) }
        #expect(order == ["http://h/4", "http://h/1", "http://h/3"])
        #expect(upcoming.first == at(9) && upcoming.observers == [ObjectIdentifier(observers[2])])
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
