import Foundation
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
}
