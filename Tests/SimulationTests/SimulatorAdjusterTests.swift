import Control
import EngineModels
import FoundationEssentials
import Measurements
import Policies
import Simulation
import Testing

@Suite("The adjuster of the simulated engine")
struct SimulatorAdjusterTests {
    private let slots = Knob(
        name: "maxNumSeqs", domain: .range(min: 1, max: 256, step: 1), place: .parameter(name: "maxNumSeqs"), role: .concurrency)
    private let replicas = Knob(name: "replicas", domain: .range(min: 1, max: 8, step: 1), place: .replicas, role: .replicas)
    private let engine = EmbeddedEngine(
        PoolSetup(
            profile: .llama7BOnH100, settings: EngineSettings(maxNumSeqs: 8),
            coldStart: ColdStart(median: Nanoseconds(seconds: 10), deviation: 0)))
    private var adjuster: SimulatorAdjuster { SimulatorAdjuster(engine: engine, knobs: [slots, replicas]) }

    private func order(
        _ knob: Knob, _ from: KnobValue, _ to: KnobValue, id: UUID = UUID(), direction: ChangeOrder.Direction = .forward, term: Int64 = 1,
        identity: String? = nil
    ) -> ChangeOrder {
        ChangeOrder(
            adjustment: id, policy: "chat", direction: direction, knob: knob, from: from, to: to, identity: identity,
            fence: FencingToken(rawValue: term))
    }

    @Test("a change is on its way until the cold start is over, and marked until it is unmarked")
    func lifecycle() async throws {
        let id = UUID()
        try await adjuster.apply(order(replicas, .integer(1), .integer(3), id: id))
        var seen = try await adjuster.observe()
        #expect(seen.values["replicas"]?.value == .integer(3) && seen.values["maxNumSeqs"]?.value == .integer(8))
        #expect(
            seen.mark == AdjustmentMark(adjustment: id, policy: "chat", knob: "replicas", from: .integer(1), to: .integer(3)))
        #expect(seen.rollout == .progressing("1 of 3 replicas are ready with the settings in force, 2 are starting"))
        engine.withPool { $0.advance(to: Nanoseconds(seconds: 11)) }
        seen = try await adjuster.observe()
        #expect(seen.rollout == .settled)
        try await adjuster.unmark(UUID(), fence: FencingToken(rawValue: 1))
        #expect(try await adjuster.observe().mark?.adjustment == id)
        try await adjuster.unmark(id, fence: FencingToken(rawValue: 1))
        #expect(try await adjuster.observe().mark == nil)
    }

    @Test("a change may be repeated, by another adjuster of the same engine too, and back again")
    func idempotence() async throws {
        let id = UUID()
        let forward = order(slots, .integer(8), .integer(32), id: id)
        try await adjuster.apply(forward)
        let before = engine.withPool { $0.status }
        try await SimulatorAdjuster(engine: engine, knobs: [slots]).apply(forward)
        #expect(engine.withPool { $0.status } == before)
        let back = order(slots, .integer(32), .number(8), id: id, direction: .back)
        try await adjuster.apply(back)
        try await adjuster.apply(back)
        let seen = try await adjuster.observe()
        #expect(seen.values["maxNumSeqs"]?.value == .integer(8) && seen.mark == nil && seen.rollout == .settled)
    }

    @Test("a change that starts from another value is not made, and says what is in force")
    func fromTest() async throws {
        let expected = AdjusterError.changedByAnother(
            found: .integer(8), "maxNumSeqs of the simulator is 8, and the change starts from 16")
        await #expect(throws: expected) { try await adjuster.rehearse(order(slots, .integer(16), .integer(32))) }
        await #expect(throws: expected) { try await adjuster.apply(order(slots, .integer(16), .integer(32))) }
        // Equal values without the mark are somebody else's.
        await #expect(throws: AdjusterError.self) { try await adjuster.apply(order(slots, .integer(4), .integer(8))) }
        #expect(try await adjuster.observe().mark == nil)
    }

    @Test("an older term may change nothing, one without a number is not fenced")
    func fencing() async throws {
        let id = UUID()
        try await adjuster.apply(order(slots, .integer(8), .integer(16), id: id, term: 5))
        let late = AdjusterError.fenced("term 5 has written to the simulator, and this is term 4")
        await #expect(throws: late) { try await adjuster.rehearse(order(slots, .integer(16), .integer(32), term: 4)) }
        await #expect(throws: late) { try await adjuster.apply(order(slots, .integer(16), .integer(32), term: 4)) }
        await #expect(throws: late) { try await adjuster.unmark(id, fence: FencingToken(rawValue: 4)) }
        #expect(try await adjuster.observe().mark?.adjustment == id)
        try await adjuster.apply(order(slots, .integer(16), .integer(32), term: 0))
        #expect(try await adjuster.observe().values["maxNumSeqs"]?.value == .integer(32))
    }

    @Test("what no engine can do is refused, with the reason, and changes nothing")
    func refusals() async throws {
        let share = Knob(name: "share", domain: .values([.number(0.9)]), place: .parameter(name: "share"), role: .memoryShare)
        let other = Knob(name: "colour", domain: .values([.text("red")]), place: .parameter(name: "colour"), role: .other)
        for bad in [
            order(slots, .integer(8), .integer(0)), order(slots, .integer(8), .text("many")), order(slots, .integer(8), .integer(4_000)),
            order(share, .number(0.9), .number(0.1)), order(other, .text("red"), .text("blue")),
            order(replicas, .integer(1), .integer(-1)),
        ] {
            for attempt in [adjuster.rehearse, adjuster.apply] {
                do throws(AdjusterError) {
                    try await attempt(bad)
                    Issue.record("\(bad) was taken")
                } catch {
                    guard case .refused = error else {
                        Issue.record("\(bad): \(error)")
                        continue
                    }
                }
            }
        }
        await #expect(throws: AdjusterError.gone("the simulator is L7-H100#1, and the change is for another")) {
            try await adjuster.apply(order(slots, .integer(8), .integer(16), identity: "another"))
        }
        let seen = try await adjuster.observe()
        #expect(seen.values["maxNumSeqs"]?.value == .integer(8) && seen.mark == nil && seen.rollout == .settled)
    }
}
