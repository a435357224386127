import Foundation
import TestSupport
import Testing

/// The verbs that change something, on an engine that answers over HTTP.
@Suite("Operating an engine that scripts change") struct OperatingTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private var store: String { folder.path("store.sqlite") }

    private func start(_ arguments: String...) throws -> OperatedProcess {
        try OperatedProcess(arguments + ["--store", store], folder: folder)
    }

    private func ask(_ arguments: String...) async throws -> (status: Int32?, output: String, errors: String) {
        let process = try OperatedProcess(arguments + ["--store", store], folder: folder)
        let status = await process.status(within: .seconds(60))
        return (status, process.output, process.errors)
    }

    /// What `status --format json` tells.
    private func report() async throws -> [String: Any] {
        let told = try await ask("status", "--format", "json")
        return (try? JSONSerialization.jsonObject(with: Data(told.output.utf8))) as? [String: Any] ?? [:]
    }

    /// The first adjustment in a state, as soon as there is one.
    private func adjustment(in states: String..., within limit: Duration = .seconds(60)) async throws -> [String: Any]? {
        let clock = ContinuousClock()
        let end = clock.now + limit
        while clock.now < end {
            let report = try await report()
            let all = (report["open"] as? [[String: Any]] ?? []) + (report["finished"] as? [[String: Any]] ?? [])
            if let found = all.first(where: { states.contains($0["state"] as? String ?? "") }) { return found }
            try await Task.sleep(for: .milliseconds(250))
        }
        return nil
    }

    private func stop(_ process: OperatedProcess) async {
        process.signal(SIGTERM)
        #expect(await process.status(within: .seconds(5)) == 0, "\(process.errors)")
    }

    @Test("run makes a change, verifies it and keeps it; rollback takes it back; SIGTERM ends it with 0")
    func keptAndTakenBack() async throws {
        let engine = try OperatedEngine(folder: folder)
        defer { engine.stop() }
        _ = try folder.write(engine.policy(), to: "engine.yaml")
        let controller = try start("run", "--policies", folder.url.path)
        let kept = try #require(try await adjustment(in: "kept", "rolledBack", "superseded", "failed"), "\(controller.errors)")
        #expect(kept["state"] as? String == "kept" && kept["verdict"] as? String == "improved", "\(kept) \(controller.errors)")
        #expect(engine.replicas == 2)
        let id = try #require(kept["id"] as? String)
        let asked = try await ask("rollback", String(id.prefix(8)))
        #expect(asked.status == 0 && asked.output.contains("replicas 1 → 2: asked to be rolled back"), "\(asked)")
        let back = try await adjustment(in: "rolledBack")
        #expect(back?["id"] as? String == id)
        #expect(engine.replicas == 1)
        await stop(controller)
        for kind in ["AdjustmentApplied", "VerificationPassed", "RolledBack"] { #expect(controller.errors.contains(kind)) }
    }

    @Test("cycle --force takes a harmful change back and ends with 1")
    func harmful() async throws {
        let engine = try OperatedEngine(folder: folder, firstToken: { $0 == 1 ? 60 : 400 })
        defer { engine.stop() }
        let policy = try folder.write(engine.policy(), to: "engine.yaml")
        let cycle = try start("cycle", "--policy", policy, "--force", "replicas=3")
        #expect(await eventually { engine.replicas == 3 }, "\(cycle.errors)")
        #expect(await cycle.status(within: .seconds(60)) == 1, "\(cycle.errors)")
        #expect(cycle.output.contains("engine: replicas 1 → 3: rolled back"), "\(cycle.output)")
        #expect(engine.replicas == 1)
    }

    @Test("with mode approve a change waits, status ends with 1, and approve lets it go")
    func approved() async throws {
        let engine = try OperatedEngine(folder: folder)
        defer { engine.stop() }
        _ = try folder.write(engine.policy(mode: "approve"), to: "engine.yaml")
        let controller = try start("run", "--policies", folder.url.path)
        let waiting = try #require(try await adjustment(in: "awaitingApproval"), "\(controller.errors)")
        let id = try #require(waiting["id"] as? String)
        let told = try await ask("status")
        #expect(told.status == 1)
        #expect(told.output.contains("replicas 1 → 2  waiting for approval: approve \(id.prefix(8)), or reject it"), "\(told.output)")
        #expect(engine.replicas == 1, "nothing is changed before somebody says so")
        #expect(try await ask("approve", String(id.prefix(8))).status == 0)
        #expect(try await adjustment(in: "settling", "observing", "kept")?["id"] as? String == id)
        #expect(engine.replicas == 2)
        await stop(controller)
        #expect(try await ask("status").status == 0)
    }

    @Test("reject ends what waits, and nothing was changed")
    func rejected() async throws {
        let engine = try OperatedEngine(folder: folder)
        defer { engine.stop() }
        _ = try folder.write(engine.policy(mode: "approve"), to: "engine.yaml")
        let controller = try start("run", "--policies", folder.url.path)
        let id = try #require(try await adjustment(in: "awaitingApproval")?["id"] as? String, "\(controller.errors)")
        #expect(try await ask("reject", id).status == 0)
        #expect(try await adjustment(in: "rejected")?["id"] as? String == id)
        #expect(engine.replicas == 1)
        let late = try await ask("approve", id)
        #expect(late.status == 2 && late.errors.contains("is rejected"), "\(late)")
        await stop(controller)
    }

    @Test("pause begins nothing new until resume")
    func paused() async throws {
        let engine = try OperatedEngine(folder: folder)
        defer { engine.stop() }
        _ = try folder.write(engine.policy(), to: "engine.yaml")
        let controller = try start("run", "--policies", folder.url.path)
        #expect(await eventually { FileManager.default.fileExists(atPath: store) })
        #expect(try await ask("pause", "--policy-name", "engine").status == 0)
        #expect(await eventually { controller.errors.contains("ActingRefused: would change replicas from 1 to 2, but acting is paused") })
        #expect(try await ask("status").output.contains("paused since"))
        #expect(engine.replicas == 1)
        #expect(try await ask("resume", "--policy-name", "engine").status == 0)
        #expect(try await adjustment(in: "settling", "observing", "kept") != nil, "\(controller.errors)")
        await stop(controller)
    }

    @Test("a controller that is stopped, or killed, in the middle of a change leaves it to the next one, which finishes it")
    func goesOn() async throws {
        let engine = try OperatedEngine(folder: folder)
        defer { engine.stop() }
        _ = try folder.write(engine.policy(), to: "engine.yaml")
        let first = try start("run", "--policies", folder.url.path)
        let id = try #require(try await adjustment(in: "settling", "observing")?["id"] as? String, "\(first.errors)")
        await stop(first)
        #expect(engine.replicas == 2, "what was made stays until it is judged")
        let second = try start("run", "--policies", folder.url.path)
        #expect(await eventually { second.errors.isEmpty == false || engine.server.record.openConnections > 0 })
        second.signal(SIGKILL)
        #expect(await second.status(within: .seconds(5)) == SIGKILL)
        let third = try start("run", "--policies", folder.url.path)
        let ended = try await adjustment(in: "kept", "rolledBack", "superseded")
        #expect(ended?["id"] as? String == id && ended?["state"] as? String == "kept", "\(String(describing: ended)) \(third.errors)")
        await stop(third)
    }

    @Test("a policy file that is broken while it runs keeps its last good text, and is taken when it is mended")
    func brokenFile() async throws {
        let engine = try OperatedEngine(folder: folder)
        defer { engine.stop() }
        let file = try folder.write(engine.policy(mode: "recommend"), to: "engine.yaml")
        let controller = try start("run", "--policies", folder.url.path)
        #expect(await eventually { engine.server.record.requests.count > 3 }, "\(controller.errors)")
        _ = try folder.write(engine.policy().replacing("replicas:", with: "replicas"), to: "engine.yaml")
        #expect(await eventually { controller.errors.contains("its last good text stays in force") })
        #expect(controller.errors.contains(file + ":"), "the place of the error is told: \(controller.errors)")
        #expect(await eventually { controller.errors.contains("RecommendationMade: recommended: change replicas from 1 to 2") })
        #expect(engine.replicas == 1)
        _ = try folder.write(engine.policy(), to: "engine.yaml")
        #expect(try await adjustment(in: "settling", "observing", "kept") != nil, "\(controller.errors)")
        await stop(controller)
    }
}
