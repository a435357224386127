import Control
import Foundation
import Policies
import Synchronization
import TestSupport
import Testing
import Transport

@testable import CommandTargets

@Suite struct RequestStepTests {
    /// An engine that is changed and read over HTTP.
    static func engine(_ handler: @escaping LoopbackServer.Handler) throws -> (engine: SampleEngine, server: LoopbackServer) {
        let server = try LoopbackServer(handler)
        var engine = try SampleEngine()
        engine.client = try HTTPClient(settings: ClientSettings(proxy: .none))
        engine.target.set = .init(
            .http(.init(method: .put, url: server.url + "/config", body: #"{"slots": {slots}, "note": "to {slots}"}"#)),
            timeout: .seconds(10))
        engine.target.get = .init(.http(.init(method: .get, url: server.url + "/config")), timeout: .seconds(10))
        return (engine, server)
    }

    @Test("sets, reads back and takes back over HTTP, with values as JSON")
    func change() async throws {
        let slots = Mutex("2")
        let (engine, server) = try Self.engine { request, writer in
            if request.method == "PUT" {
                slots.withLock { $0 = String(decoding: request.body, as: UTF8.self).contains("\"slots\": 4") ? "4" : "2" }
                return try writer.answer(204)
            }
            try writer.answer(200, "{\"slots\": \(slots.withLock { $0 })}")
        }
        defer { server.stop() }
        try await engine.adjuster.apply(engine.order())
        #expect(try await engine.adjuster.observe().values["slots"]?.value == 4)
        try await engine.adjuster.apply(engine.order(4, 2, .back))
        let bodies = server.record.requests.filter { $0.method == "PUT" }.map { String(decoding: $0.body, as: UTF8.self) }
        #expect(bodies == [#"{"slots": 4, "note": "to 4"}"#, #"{"slots": 2, "note": "to 2"}"#])
    }

    @Test("a refusal in words of HTTP is one, and leaves no mark")
    func refused() async throws {
        let (engine, server) = try Self.engine { request, writer in
            try request.method == "PUT" ? writer.answer(409) : writer.answer(200, "{\"slots\": 2}")
        }
        defer { server.stop() }
        #expect(await engine.error(engine.order()) == .refused("'set' (PUT \(server.url)/config) was answered with status 409"))
        #expect(try engine.adjuster.file.read().mark == nil)
    }

    @Test("an answer that never comes leaves the outcome to what is read back")
    func lost() async throws {
        let (engine, server) = try Self.engine { request, writer in
            if request.method == "PUT" { return writer.cut(.reset) }
            try writer.answer(200, "{\"slots\": 2}")
        }
        defer { server.stop() }
        guard case .outcomeUnknown? = await engine.error(engine.order()) else { return #expect(Bool(false)) }
        #expect(try engine.adjuster.file.read().mark != nil)
    }

    @Test("an engine that is not there is unreachable, and nothing was begun")
    func absent() async throws {
        let (engine, server) = try Self.engine { _, writer in try writer.answer(200, "{}") }
        server.stop()
        guard case .unreachable? = await engine.error(engine.order()) else { return #expect(Bool(false)) }
        #expect(try engine.adjuster.file.read() == .blank)
    }

    @Test("an answer without end is not read to its end")
    func giant() async throws {
        let (engine, server) = try Self.engine { _, writer in try writer.answer(200, String(repeating: " ", count: 200_000)) }
        defer { server.stop() }
        guard case .unreachable? = await engine.error(engine.order()) else { return #expect(Bool(false)) }
    }
}
