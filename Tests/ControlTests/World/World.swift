import Control
import Foundation
import Learning
import Measurements
import Policies
import Statistics
import Synchronization

/// A seeded world: one target, two controllers with a journal each or one in common, and everything that can go wrong.
final class World: Sendable {
    struct Trouble: Sendable {
        var calls = 0.03
        var commits = 0.02
        var foreignEdits = 0.01
        var replacements = 0.003
        var leaderChanges = 0.02
        var restarts = 0.03
        var wallJumps = 0.01
        var rolloutFailures = 0.05
        var requests = 0.02

        static let none = Trouble(
            calls: 0, commits: 0, foreignEdits: 0, replacements: 0, leaderChanges: 0, restarts: 0, wallJumps: 0, rolloutFailures: 0,
            requests: 0)
    }

    struct State {
        var generator: SplitMix64
        var now: Timestamp
        var wallOffset = Duration.zero
        var trouble: Trouble
        var leader = 0
        var term: Int64 = 1
        /// Who acted in the belief to lead, though a newer term had begun: SIGSTOP in the middle of a step.
        var stale: Set<Int> = []
        var load = 1.0
        var identifiers: UInt64 = 0
        var events: [ControlEvent] = []
        var violations: [String] = []
    }

    let seed: UInt64
    let policy: Policy
    let target: WorldTarget
    let journals: [MemoryJournal]
    /// What the loops get for them.
    let ports: [any Journal]
    let state: Mutex<State>
    /// Log latency added by each value of the knob.
    let effect: [Int: Double]

    /// - Parameters:
    ///   - slope: Log latency added by each step of the knob; drawn by the seed unless told.
    ///   - wrap: Makes the journal a loop gets of the one in memory.
    init(
        seed: UInt64, trouble: Trouble = Trouble(), policy: Policy, slope: Double? = nil,
        wrap: (MemoryJournal, Int) throws -> any Journal = { journal, _ in journal }
    ) rethrows {
        self.seed = seed
        self.policy = policy
        var generator = SplitMix64(seed: seed)
        let values = [1, 2, 4, 8]
        // A third of the worlds get better with more, a third worse, a third do not care.
        let drawn = [-0.5, 0.4, 0.0][Int(generator.next() % 3)]
        effect = Dictionary(uniqueKeysWithValues: values.enumerated().map { ($1, (slope ?? drawn) * Double($0)) })
        target = WorldTarget(values: ["slots": .integer(2)])
        let isShared = generator.next() % 2 == 0
        let first = MemoryJournal()
        let second = isShared ? first : MemoryJournal()
        journals = [first, second]
        let firstPort = try wrap(first, 0)
        ports = [firstPort, isShared ? firstPort : try wrap(second, 1)]
        state = Mutex(State(generator: generator, now: Timestamp(nanosecondsSinceEpoch: 1_800_000_000_000_000_000), trouble: trouble))
    }

    func chance(_ probability: Double) -> Bool { state.withLock { $0.chance(probability) } }

    func pick(_ count: Int) -> Int { state.withLock { Int($0.generator.next() % UInt64(count)) } }

    var now: Timestamp { state.withLock { $0.now } }

    func violate(_ what: String) {
        state.withLock { state in
            if state.violations.count < 10 { state.violations.append(what) }
        }
    }

    // MARK: Ports

    func makeLoop(
        _ controller: Int, journal: (any Journal)? = nil, fault: (@Sendable (String) -> WorldConnection.Fault)? = nil
    ) -> PolicyLoop {
        let ports = LoopPorts(
            clock: WorldClock(world: self), sources: [WorldSource(world: self)], adjuster: connection(controller, fault: fault),
            journal: journal ?? self.ports[controller], leadership: WorldLeadership(world: self, controller: controller),
            announcer: WorldAnnouncer(world: self), makeIdentifier: { self.identifier() }, toolVersion: "test", origin: .run)
        return PolicyLoop(policy: policy, target: "llm/Deployment/chat", ports: ports)
    }

    private func connection(_ controller: Int, fault: (@Sendable (String) -> WorldConnection.Fault)?) -> WorldConnection {
        WorldConnection(
            target: target, controller: controller, now: { self.now },
            fault: fault ?? { _ in self.fault() },
            rollout: { (Duration.seconds(self.pick(90)), self.chance(self.state.withLock { $0.trouble.rolloutFailures })) },
            onWrite: { order in self.check(order, by: controller) })
    }

    private func fault() -> WorldConnection.Fault {
        guard chance(state.withLock { $0.trouble.calls }) else { return .none }
        return [.unreachable, .lostAnswer, .timeoutBefore, .conflict, .refused][pick(5)]
    }

    /// What must be so in the moment before a change is sent.
    private func check(_ order: ChangeOrder, by controller: Int) {
        guard let journaled = try? journals[controller].adjustment(order.adjustment) else {
            return violate("\(order.direction) of \(order.adjustment) was sent, but no journal knows it")
        }
        let allowed: Set<AdjustmentState> = order.direction == .forward ? [.applying] : [.rollingBack]
        if !allowed.contains(journaled.state) {
            violate("\(order.direction) was sent while the journal says \(journaled.state)")
        }
        if journaled.kind == .holdout { violate("a holdout changed something") }
    }

    private func identifier() -> UUID {
        let (high, low) = state.withLock { state in
            state.identifiers += 1
            return (state.generator.next(), state.identifiers)
        }
        return UUID(
            uuidString: String(
                format: "%08x-%04x-4000-8000-%012x", UInt32(truncatingIfNeeded: high), UInt16(truncatingIfNeeded: high >> 32), low))!
    }
}

extension World.State {
    mutating func chance(_ probability: Double) -> Bool { Double(generator.next() >> 11) * 0x1p-53 < probability }

    mutating func normal() -> Double {
        let uniform = max(Double(generator.next() >> 11) * 0x1p-53, 1e-12)
        return (-2 * log(uniform)).squareRoot() * cos(2 * .pi * Double(generator.next() >> 11) * 0x1p-53)
    }
}

private struct WorldClock: ControlClock {
    let world: World
    var steady: Timestamp { world.now }
    var wall: Timestamp { world.state.withLock { $0.now.advanced(by: $0.wallOffset) } }
}

private struct WorldLeadership: Leadership {
    let world: World
    let controller: Int

    func term() -> FencingToken? {
        world.state.withLock { state in
            if state.leader == controller { return FencingToken(rawValue: state.term) }
            return state.stale.contains(controller) ? FencingToken(rawValue: state.term - 1) : nil
        }
    }
}

private struct WorldAnnouncer: Announcer {
    let world: World
    func announce(_ event: ControlEvent) { world.state.withLock { $0.events.append(event) } }
}

/// Requests as the target of the world would answer them with the setting in force.
private struct WorldSource: MeasurementSource {
    let world: World
    let name = "probe"

    func deliver(_ request: DeliveryRequest) async -> Delivery {
        let slots = world.target.state.withLock { $0.values["slots"]?.wholeNumber ?? 2 }
        let shift = world.effect[slots] ?? 0
        return world.state.withLock { state in
            if state.chance(state.trouble.calls) { return Delivery(faults: ["no answer"]) }
            let measurements = (0..<12).map { index in
                let sent = request.now.advanced(by: .milliseconds(-15_000 + index * 1_200))
                // One of twelve does not queue: what it takes without waiting is known.
                let ttft = index == 0 ? 0.08 : 0.8 * state.load * exp(shift + 0.15 * state.normal())
                let tpot = 0.03 * exp(shift + 0.1 * state.normal())
                return measurement(sent: sent, ttft: ttft, tpot: tpot, index: index, &state)
            }
            return Delivery(measurements: measurements)
        }
    }

    private func measurement(sent: Timestamp, ttft: Double, tpot: Double, index: Int, _ state: inout World.State) -> InferenceMeasurement {
        var measurement = InferenceMeasurement(id: UUID(), time: sent, model: "m", provider: "p", endpoint: "e")
        measurement.timeToFirstToken = Nanoseconds(seconds: ttft)
        measurement.timePerOutputToken = Nanoseconds(seconds: tpot)
        measurement.outputTokens = 20
        measurement.inputTokens = 100
        measurement.endToEnd = Nanoseconds(seconds: ttft + 19 * tpot)
        return measurement
    }
}
