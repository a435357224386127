import Control
import Foundation
import Learning
import Measurements
import Policies
import Statistics
import Synchronization
import Verification

/// The course of one world.
final class WorldRun {
    let world: World
    private var loops: [PolicyLoop]
    var checkedWrites = 0
    /// The last adjustment each loop has told of.
    private var told: [UUID?] = [nil, nil]
    var ends: [AdjustmentState: Int] = [:]
    /// How what was tried on a part first ended.
    var trialEnds: [String: Int] = [:]
    private let steps: Int
    private let calmSteps: Int

    init(
        seed: UInt64, canaries: WorldGroups.Form? = nil, tunes: Bool = false,
        wrap: (MemoryJournal, Int) throws -> any Journal = { journal, _ in journal }
    ) throws {
        let world =
            if let canaries {
                try World(
                    seed: seed, trouble: Self.troubleOfCanaries(seed), policy: tunes ? Self.tuningPolicy(seed) : Self.canaryPolicy(seed),
                    canaries: canaries,
                    wrap: wrap)
            } else {
                try World(seed: seed, policy: Self.policy(seed), wrap: wrap)
            }
        self.world = world
        // A canary takes an hour and more.
        (steps, calmSteps) = canaries == nil ? (160, 170) : (320, 180)
        loops = (0...1).map { world.makeLoop($0) }
        for journal in Set(world.journals.map(ObjectIdentifier.init)).count == 1 ? [world.journals[0]] : world.journals {
            journal.state.withLock { $0.failsNext = { _ in world.chance(world.state.withLock { $0.trouble.commits }) } }
        }
    }

    static func policy(_ seed: UInt64) -> Policy {
        var policy = Policy(
            name: "chat", target: .kubernetes(.init(namespace: "llm", apiVersion: "apps/v1", kind: "Deployment", name: "chat")))
        policy.mode = seed % 5 == 0 ? .approve : .auto
        policy.objective.latencies = [.init(metric: .timeToFirstToken, statistic: .percentile(.p95), limit: .milliseconds(500))]
        var trigger = Trigger(
            name: "slow", type: .latencyThreshold,
            condition: .leaf(
                .init(
                    name: "p95LatencyExceeds",
                    test: .compare(.latency(.timeToFirstToken, .percentile(.p95)), .above, threshold: 0.5, window: nil))))
        trigger.window = .seconds(60)
        trigger.minSamples = 10
        trigger.cooldown = .seconds(120)
        trigger.cooldownAfterRollback = .seconds(300)
        policy.triggers = [trigger]
        policy.knobs = [knob]
        policy.verify.settle = .seconds(30)
        policy.verify.window = .seconds(120)
        policy.verify.minSamples = 50
        policy.verify.onInconclusive = seed % 2 == 0 ? .revert : .keep
        policy.budgets.adjustments = .init(count: 6, window: .seconds(3_600))
        policy.learning.holdout = 0.2
        return policy
    }

    static let knob = Knob(
        name: "slots", domain: .values([.integer(1), .integer(2), .integer(4), .integer(8)]),
        place: .containerArgument(container: "vllm", flag: "--max-num-seqs"), role: .concurrency)

    /// Looks once a minute; half insist on a canary; the others may find a change too urgent for one.
    static func canaryPolicy(_ seed: UInt64) -> Policy {
        var policy = policy(seed)
        policy.monitor.interval = .seconds(60)
        policy.triggers[0].window = .seconds(240)
        policy.verify.canary = seed % 4 < 2 ? .always : .auto
        policy.objective.latencies[0].limit = .milliseconds(900)
        return policy
    }

    /// Triggers are quiet, and trials have the target to themselves.
    static func tuningPolicy(_ seed: UInt64) -> Policy {
        var policy = canaryPolicy(seed)
        policy.triggers = []
        policy.verify.canary = nil
        policy.tune = TuneTerms()
        return policy
    }

    /// Steps are longer and canaries take many: less of everything.
    static func troubleOfCanaries(_ seed: UInt64) -> World.Trouble {
        var trouble = World.Trouble(
            calls: 0.005, commits: 0.004, foreignEdits: 0.004, replacements: 0.002, leaderChanges: 0.01, restarts: 0.01, wallJumps: 0.005,
            rolloutFailures: 0.03, requests: 0.008)
        let isHarsh = seed % 3 == 1
        trouble.kills = isHarsh ? 0.008 : 0.002
        trouble.interference = isHarsh ? 0.02 : 0.006
        trouble.blindness = isHarsh ? 0.005 : 0.01
        return trouble
    }

    func run() async {
        for _ in 0..<steps {
            happen()
            await step()
        }
        // Then peace: what is open must come to an end.
        world.state.withLock { state in
            state.trouble = .none
            state.stale = []
            state.blindUntil = state.now
        }
        world.target.state.withLock { $0.isGone = false }
        for _ in 0..<calmSteps { await step() }
        checkEnds()
    }

    private func step() async {
        world.state.withLock { $0.now = $0.now.advanced(by: world.step) }
        arriveLate()
        for index in loops.indices {
            let before = openStates(world.journals[index])
            let report = await loops[index].tick()
            check(before, journal: world.journals[index])
            if world.state.withLock({ $0.dead.remove(index) != nil }) {
                restart(index)
                continue
            }
            if let id = report.adjustment?.id { told[index] = id }
            if report.newest?.id != told[index] { world.violate("a loop forgot how its last adjustment ended") }
        }
        checkWrites()
    }

    /// Whatever the world has in store for this step.
    private func happen() {
        let trouble = world.state.withLock(\.trouble)
        if world.chance(trouble.foreignEdits) { world.target.edit("slots", to: .integer([1, 2, 4, 8][world.pick(4)])) }
        if world.chance(trouble.replacements) { world.target.replace(values: ["slots": .integer(2)]) }
        if world.chance(trouble.leaderChanges) {
            world.state.withLock { state in
                // The old leader may not have noticed yet.
                state.stale = state.generator.next() % 2 == 0 ? [state.leader] : []
                state.leader = 1 - state.leader
                state.term += 1
            }
        }
        if world.chance(0.3) { world.state.withLock { $0.stale = [] } }
        if world.chance(trouble.restarts) { restart(world.pick(2)) }
        if world.chance(trouble.wallJumps) {
            let hours = world.pick(48) - 24
            world.state.withLock { $0.wallOffset = .seconds(hours * 3_600) }
        }
        if world.chance(0.02) {
            let load = 0.5 + Double(world.pick(100)) / 100
            world.state.withLock { $0.load = load }
        }
        if world.hasCanaries { interfere(trouble) }
        operate(trouble)
    }

    private func restart(_ index: Int) {
        loops[index] = world.makeLoop(index)
        told[index] = nil
    }

    /// What others do to groups and replicas, and a time in which nothing is seen of them.
    private func interfere(_ trouble: World.Trouble) {
        if world.chance(trouble.blindness) {
            let minutes = 1 + world.pick(60)
            world.state.withLock { $0.blindUntil = $0.now.advanced(by: .seconds(60 * minutes)) }
        }
        guard world.chance(trouble.interference) else { return }
        let kind = world.pick(5)
        let group: CanaryGroup = world.pick(2) == 0 ? .canary : .control
        let replicas = 3 + world.pick(30)
        if kind == 0 { return world.target.scale(to: replicas) }
        world.target.state.withLock { state in
            switch kind {
            case 1: state.canary.groups[group] = nil
            case 2: state.canary.groups[group]?.isChanged = true
            case 3: state.canary.groups[group]?.fails = true
            default: state.canary.mark = nil
            }
        }
    }

    private func arriveLate() {
        let now = world.now
        let late = world.state.withLock { state in
            defer { state.late.removeAll { $0.time <= now } }
            return state.late.filter { $0.time <= now }
        }
        for one in late { world.target.createLate(one.group, one.mark, at: now) }
    }

    /// Operators approve, reject, roll back, pause and resume.
    private func operate(_ trouble: World.Trouble) {
        for journal in world.journals {
            journal.state.withLock { state in
                let waiting = state.adjustments.values.filter { $0.state == .awaitingApproval }.map(\.id)
                for id in waiting where world.chance(0.3) && trouble.requests > 0 {
                    let action: OperatorRequest.Action = world.chance(0.8) ? .approve(adjustment: id) : .reject(adjustment: id)
                    state.requests.append(OperatorRequest(id: UUID(), time: world.now, action: action))
                }
                if world.chance(trouble.requests), let last = state.order.last {
                    state.requests.append(OperatorRequest(id: UUID(), time: world.now, action: .rollback(adjustment: last)))
                }
            }
        }
    }
}
