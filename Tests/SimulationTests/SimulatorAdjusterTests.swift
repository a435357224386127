import Control
import Foundation
import Learning
import Measurements
import Policies
import Simulation
import Synchronization
import Testing

@Suite("The adjuster of the simulated engine")
struct SimulatorAdjusterTests {
    private final class TurnedClock: Sendable {
        private let time = Mutex(Nanoseconds(0))
        var now: Nanoseconds { time.withLock { $0 } }
        func turn(to seconds: Double) { time.withLock { $0 = Nanoseconds(seconds: seconds) } }
    }

    private let clock = TurnedClock()
    private let engine: EmbeddedEngine
    private let adjuster: SimulatorAdjuster
    private let id = UUID()

    init() {
        let clock = clock
        let pool = EnginePool(
            model: .llama7B, settings: EngineSettings(maxNumSeqs: 4, replicas: 1), coldStart: Nanoseconds(seconds: 30), seed: 1)
        engine = EmbeddedEngine(pool: pool, clock: { clock.now })
        adjuster = SimulatorAdjuster(engine: engine)
    }

    private func order(
        _ from: Int, _ to: Int, _ direction: ChangeOrder.Direction = .forward, of knob: String = "maxNumSeqs", fence: Int64 = 0,
        identity: String? = nil, by other: UUID? = nil
    ) -> ChangeOrder {
        ChangeOrder(
            adjustment: other ?? id, policy: "p", direction: direction,
            knob: Knob(name: knob, domain: .range(min: 1, max: 64, step: 1), place: .parameter(name: knob), role: .other),
            from: .integer(from), to: .integer(to), identity: identity, fence: FencingToken(rawValue: fence))
    }

    private func failure(_ work: () async throws(AdjusterError) -> Void) async -> AdjusterError? {
        do {
            try await work()
            return nil
        } catch {
            return error
        }
    }

    @Test("changes a knob under a mark, and takes the mark off with the change taken back")
    func forwardAndBack() async throws {
        try await adjuster.rehearse(order(4, 16))
        #expect(engine.settings.maxNumSeqs == 4)
        try await adjuster.apply(order(4, 16))
        let seen = try await adjuster.observe()
        #expect(seen.values["maxNumSeqs"]?.value == .integer(16) && seen.rollout == .settled && seen.identity == nil)
        #expect(seen.mark == AdjustmentMark(adjustment: id, policy: "p", knob: "maxNumSeqs", from: .integer(4), to: .integer(16)))
        try await adjuster.apply(order(16, 4, .back))
        #expect(engine.settings.maxNumSeqs == 4)
        #expect(try await adjuster.observe().mark == nil)
    }

    @Test("may be asked again for what is done already")
    func idempotence() async throws {
        try await adjuster.apply(order(4, 16))
        try await adjuster.apply(order(4, 16))
        #expect(engine.settings.maxNumSeqs == 16)
        try await adjuster.apply(order(16, 4, .back))
        try await adjuster.apply(order(16, 4, .back))
        #expect(engine.settings.maxNumSeqs == 4)
    }

    @Test("does not touch what another has set, even to the same value")
    func changedByAnother() async throws {
        try await adjuster.apply(order(4, 8, by: UUID()))
        for to in [16, 8] {
            guard
                case .changedByAnother(.integer(8)?, _)? = await failure({ () throws(AdjusterError) in
                    try await adjuster.apply(order(4, to))
                })
            else {
                Issue.record("4 → \(to) was not refused")
                continue
            }
        }
        #expect(engine.settings.maxNumSeqs == 8)
    }

    @Test("lets no older term write, nor unmark; without a term there is no fence")
    func fencing() async throws {
        try await adjuster.apply(order(4, 8, fence: 5))
        guard case .fenced? = await failure({ () throws(AdjusterError) in try await adjuster.apply(order(8, 4, .back, fence: 4)) }),
            case .fenced? = await failure({ () throws(AdjusterError) in
                try await adjuster.unmark(id, fence: FencingToken(rawValue: 4))
            })
        else {
            Issue.record("an older term wrote")
            return
        }
        #expect(try await adjuster.observe().mark?.adjustment == id)
        try await adjuster.unmark(UUID(), fence: FencingToken(rawValue: 6))
        #expect(try await adjuster.observe().mark?.adjustment == id)
        guard case .fenced? = await failure({ () throws(AdjusterError) in try await adjuster.apply(order(8, 4, .back, fence: 5)) }) else {
            Issue.record("unmarking did not raise the fence")
            return
        }
        try await adjuster.unmark(id, fence: .unfenced)
        #expect(try await adjuster.observe().mark == nil)
        try await adjuster.apply(order(8, 4, .back))
        #expect(engine.settings.maxNumSeqs == 4)
    }

    @Test(
        "refuses what the engine cannot do, and targets that bear a name",
        arguments: [("maxNumSeqs", 0), ("replicas", 100_000), ("slots", 8)])
    func refusals(knob: String, to: Int) async throws {
        let from = knob == "replicas" ? 1 : 4
        for rehearses in [true, false] {
            let refusal = await failure { () throws(AdjusterError) in
                try await rehearses ? adjuster.rehearse(order(from, to, of: knob)) : adjuster.apply(order(from, to, of: knob))
            }
            guard case .refused? = refusal else {
                Issue.record("\(knob) → \(to) was not refused: \(String(describing: refusal))")
                continue
            }
        }
        guard case .gone? = await failure({ () throws(AdjusterError) in try await adjuster.apply(order(4, 8, identity: "uid")) }) else {
            Issue.record("an order for another target was carried out")
            return
        }
        #expect(engine.settings == EngineSettings(maxNumSeqs: 4))
    }

    @Test("is on its way while added replicas start, and settled when all serve")
    func coldStart() async throws {
        clock.turn(to: 100)
        try await adjuster.apply(order(1, 3, of: "replicas"))
        #expect(try await adjuster.observe().rollout == .progressing("1 of 3 replicas are ready"))
        clock.turn(to: 129)
        _ = engine.advance()
        #expect(try await adjuster.observe().rollout == .progressing("1 of 3 replicas are ready"))
        clock.turn(to: 130)
        #expect(try await adjuster.observe().rollout == .settled)
    }
}
