import Control
import EngineModels
import EpisodeStore
import Foundation
import Learning
import Measurements
import Policies
import Probing
import Server
import Simulation
import Transport

/// Engine, clients and controller from the first request to the last.
struct DemoRun {
    let seed: UInt64
    let clock: DemoClock
    let store: EpisodeStore
    let announcer: any Announcer

    /// How both acts ended.
    struct Outcome: Sendable {
        /// The change the policy made by itself; `nil` where none ended in time.
        var decided: Adjustment?
        /// The harmful one; `nil` where none ended in time.
        var forced: Adjustment?

        /// Whether the good change was kept and the bad one taken back.
        var isAsPromised: Bool { decided?.state == .kept && forced?.state == .rolledBack }
    }

    func run() async throws -> Outcome {
        let engine = DemoScene.engine(seed: seed, clock: clock)
        let http = try HTTPClient()
        let result: Result<Outcome, any Error>
        do {
            let outcome = try await EngineServer(engine: engine, timeScale: clock.scale).serve { port in
                let outcome = try await self.play(engine, port: port, http)
                await http.shutdown()  // The server waits for connections that are open.
                return outcome
            }
            result = .success(outcome)
        } catch {
            result = .failure(error)
        }
        await http.shutdown()
        return try result.get()
    }

    private func play(_ engine: EmbeddedEngine, port: Int, _ http: HTTPClient) async throws -> Outcome {
        let model = DemoScene.profile.name
        let exchange = StreamExchange(
            client: http, provider: OpenAIChat(model: model), endpoint: "http://127.0.0.1:\(port)/v1", model: model)
        let load = DemoLoad(exchange: exchange, clock: clock, arrivals: DemoScene.load(seed: seed))
        return try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask { await load.run() }
            var outcome = Outcome()
            outcome.decided = try await untilDecided(makeLoop(engine, load))
            guard outcome.decided?.state == .kept else { return outcome }
            // A controller that begins anew knows from the store what was done, and measures its own baseline.
            outcome.forced = try await untilTakenBack(makeLoop(engine, load))
            return outcome
        }
    }

    private func makeLoop(_ engine: EmbeddedEngine, _ load: DemoLoad) -> PolicyLoop {
        let policy = DemoScene.policy(seed: seed)
        let adjuster = SimulatorAdjuster(engine: engine, knobs: policy.knobs, rollout: .live)
        let ports = LoopPorts(
            clock: clock, sources: [load], adjuster: adjuster, journal: store, leadership: SoleLeader(),
            announcer: announcer, toolVersion: LLMAutoOptimizer.version, origin: .run)
        return PolicyLoop(policy: policy, target: "simulator/\(DemoScene.profile.name)", ports: ports)
    }

    // MARK: Both acts

    /// Lets the policy decide until a change of its own has ended.
    private func untilDecided(_ loop: PolicyLoop) async throws -> Adjustment? {
        try await tick(loop) { _, _ in .decide }
    }

    /// Forces a harmful change as soon as it could be judged, and watches until it has ended.
    private func untilTakenBack(_ loop: PolicyLoop) async throws -> Adjustment? {
        let harm = PolicyLoop.ForcedChange(knob: DemoScene.knob, value: .integer(DemoScene.harmfulSlots))
        return try await tick(loop) { hasBaseline, isBegun in hasBaseline && !isBegun ? .force(harm) : .watch }
    }

    /// Ticks every interval until a change has ended.
    private func tick(
        _ loop: PolicyLoop, intent: (_ hasBaseline: Bool, _ isBegun: Bool) -> PolicyLoop.Intent
    ) async throws -> Adjustment? {
        let interval = Nanoseconds(seconds: DemoScene.interval.inSeconds)
        var next = clock.elapsed + interval
        let end = next + Nanoseconds(seconds: DemoScene.patience.inSeconds)
        var hasBaseline = false
        var begun: UUID?
        while clock.elapsed < end {
            try await clock.sleep(until: next)
            next = max(next + interval, clock.elapsed)
            let report = await loop.tick(intent(hasBaseline, begun != nil))
            hasBaseline = report.hasBaseline
            guard let adjustment = report.adjustment else { continue }
            begun = adjustment.id
            if !adjustment.isOpen { return adjustment }
        }
        return nil
    }
}
