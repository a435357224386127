import Control
import Foundation
import Learning
import Measurements
import Policies
import Statistics
import Synchronization
import Verification

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
        /// At each call and each commit.
        var kills = 0.0
        /// At each step: what others do to groups, and how often nothing can be measured of them.
        var interference = 0.0
        var blindness = 0.0

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
        /// Whose process is gone: nothing it would still do happens.
        var dead: Set<Int> = []
        /// Until then nothing is seen of groups.
        var blindUntil = Timestamp(nanosecondsSinceEpoch: 0)
        /// Requests to make a group that arrive later than anybody waits.
        var late: [(time: Timestamp, group: CanaryGroup, mark: CanaryMark)] = []
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
    /// Whether changes can be tried on a part of the replicas.
    let hasCanaries: Bool
    /// Between two looks.
    var step: Duration { policy.monitor.interval }

    /// - Parameters:
    ///   - slope: Log latency added by each step of the knob; drawn by the seed unless told.
    ///   - wrap: Makes the journal a loop gets of the one in memory.
    init(
        seed: UInt64, trouble: Trouble = Trouble(), policy: Policy, slope: Double? = nil, canaries: WorldGroups.Form? = nil,
        wrap: (MemoryJournal, Int) throws -> any Journal = { journal, _ in journal }
    ) rethrows {
        self.seed = seed
        self.policy = policy
        var generator = SplitMix64(seed: seed)
        let values = [1, 2, 4, 8]
        // A third of the worlds get better with more, a third worse, a third do not care.
        let drawn = [-0.5, 0.4, 0.0][Int(generator.next() % 3)]
        // Where canaries are, the value they begin with is the one that is a little too slow.
        let first = canaries == nil ? 0 : 1
        effect = Dictionary(uniqueKeysWithValues: values.enumerated().map { ($1, (slope ?? drawn) * Double($0 - first)) })
        target = WorldTarget(values: ["slots": .integer(2)])
        hasCanaries = canaries != nil
        target.state.withLock { $0.canary.form = canaries ?? .objects }
        let isShared = generator.next() % 2 == 0
        let one = MemoryJournal()
        let other = isShared ? one : MemoryJournal()
        journals = [one, other]
        let port = try wrap(one, 0)
        ports = [port, isShared ? port : try wrap(other, 1)]
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
        let base = journal ?? self.ports[controller]
        let ports = LoopPorts(
            clock: WorldClock(world: self), sources: [WorldSource(world: self)], adjuster: connection(controller, fault: fault),
            canary: hasCanaries ? CanaryPorts(target: canary(controller), meter: WorldMeter(world: self)) : nil,
            journal: hasCanaries ? MortalJournal(journal: base, world: self, controller: controller) : base,
            leadership: WorldLeadership(world: self, controller: controller),
            announcer: WorldAnnouncer(world: self), makeIdentifier: { self.identifier() }, toolVersion: "test", origin: .run)
        return PolicyLoop(policy: policy, target: "llm/Deployment/chat", ports: ports)
    }

    private func connection(_ controller: Int, fault: (@Sendable (String) -> WorldConnection.Fault)?) -> WorldConnection {
        WorldConnection(
            target: target, controller: controller, now: { self.now },
            fault: fault ?? { _ in self.fault(controller) }, rollout: { self.rollout() },
            onWrite: { order in self.check(order, by: controller) })
    }

    private func canary(_ controller: Int) -> WorldCanary {
        WorldCanary(
            target: target, controller: controller, now: { self.now }, fault: { _ in self.fault(controller) }, rollout: { self.rollout() },
            onStep: { step, verb in self.check(step, of: verb, by: controller) },
            onLost: { group, mark in
                guard self.chance(0.5) else { return }
                let delay = Duration.seconds(self.pick(600))
                self.state.withLock { $0.late.append(($0.now.advanced(by: delay), group, mark)) }
            })
    }

    private func rollout() -> (Duration, fails: Bool) {
        (Duration.seconds(pick(90)), chance(state.withLock { $0.trouble.rolloutFailures }))
    }

    /// Kills a controller now and then, before what it does or after it.
    private func fault(_ controller: Int) -> WorldConnection.Fault {
        if state.withLock({ $0.dead.contains(controller) }) { return .unreachable }
        if dies(controller) { return chance(0.5) ? .unreachable : .lostAnswer }
        guard chance(state.withLock { $0.trouble.calls }) else { return .none }
        return [.unreachable, .lostAnswer, .timeoutBefore, .conflict, .refused][pick(5)]
    }

    /// Whether a controller's process ends here.
    func dies(_ controller: Int) -> Bool {
        let kills = state.withLock { $0.trouble.kills }
        guard kills > 0, chance(kills) else { return false }
        state.withLock { _ = $0.dead.insert(controller) }
        return true
    }

    /// What must be so in the moment before something is done to groups, or with them.
    private func check(_ step: WorldGroups.Step, of verb: WorldGroups.Verb, by controller: Int) {
        guard let order = verb.order else { return }
        guard let journaled = try? journals[controller].adjustment(order.change.adjustment), let trial = journaled.trial else {
            return violate("a canary of \(order.change.adjustment) was made, but no journal knows it")
        }
        let allowed: AdjustmentState =
            switch verb {
            case .prepare: .comparing
            case .apply: .applying
            case .promote, .remove: .promoting
            }
        if journaled.state != allowed { violate("\(step) of \(verb) was done while the journal says \(journaled.state)") }
        guard case .promote = verb else { return }
        let isProved = journaled.verdict == .improved || journaled.verdict == .inconclusive && policy.verify.onInconclusive == .keep
        if !isProved || !trial.wasPromoted { violate("what was not proved came to all: \(String(describing: journaled.verdict))") }
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
        if order.direction == .forward, journaled.trial != nil { violate("what was to be tried on a part was sent to all at once") }
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

/// The journal of a process that may end at any commit.
private struct MortalJournal: Journal {
    struct Killed: Error {}

    let journal: any Journal
    let world: World
    let controller: Int

    func memory(of policy: String, target: String, since: Timestamp) throws -> ControlMemory {
        try journal.memory(of: policy, target: target, since: since)
    }
    func openAdjustments() throws -> [OpenAdjustment] { try journal.openAdjustments() }
    func requests() throws -> [OperatorRequest] { try journal.requests() }
    func adjustment(_ id: UUID) throws -> Adjustment? { try journal.adjustment(id) }
    func tuner(of policy: String, target: String) throws -> StoredTuner? { try journal.tuner(of: policy, target: target) }
    func finishedTrials(of policy: String, target: String, since: Timestamp) throws -> [Adjustment] {
        try journal.finishedTrials(of: policy, target: target, since: since)
    }

    func keep(_ tuner: StoredTuner, of policy: String, target: String) throws {
        if world.state.withLock({ $0.dead.contains(controller) }) || world.dies(controller) { throw Killed() }
        try journal.keep(tuner, of: policy, target: target)
        if world.dies(controller) { throw Killed() }
    }

    func commit(_ entry: JournalEntry) throws {
        if world.state.withLock({ $0.dead.contains(controller) }) || world.dies(controller) { throw Killed() }
        try journal.commit(entry)
        if world.dies(controller) { throw Killed() }
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
            if state.dead.contains(controller) { return nil }
            if state.leader == controller { return FencingToken(rawValue: state.term) }
            return state.stale.contains(controller) ? FencingToken(rawValue: state.term - 1) : nil
        }
    }
}

private struct WorldAnnouncer: Announcer {
    let world: World
    func announce(_ event: ControlEvent) { world.state.withLock { $0.events.append(event) } }
}
