import Control
import Foundation
import Learning
import Measurements
import Policies
import Statistics
import Synchronization
import Testing

/// Seeded random worlds through the production loop, on simulated ports and clock; the promises are checked after every step.
///
/// `WORLDS=1000` runs more of them, `WORLD_SEED=n` one alone.
@Suite("Random worlds")
struct WorldTests {
    static let seeds: Range<UInt64> = {
        let environment = ProcessInfo.processInfo.environment
        if let seed = environment["WORLD_SEED"].flatMap(UInt64.init) { return seed..<seed + 1 }
        return 0..<(environment["WORLDS"].flatMap(UInt64.init) ?? 60)
    }()

    @Test("hold every promise after every step")
    func promises() async throws {
        var ends: [AdjustmentState: Int] = [:]
        for seed in Self.seeds {
            let run = try WorldRun(seed: seed)
            await run.run()
            let violations = run.world.state.withLock(\.violations)
            #expect(
                violations.isEmpty,
                "\(violations.joined(separator: "\n"))\nreplay with: WORLD_SEED=\(seed) swift test --filter WorldTests")
            for (state, count) in run.ends { ends[state, default: 0] += count }
        }
        // Worlds in which nothing happens would prove nothing.
        if Self.seeds.count >= 50 {
            for state in [AdjustmentState.kept, .rolledBack, .superseded, .failed, .rejected] {
                #expect(ends[state, default: 0] > 0, "no world ended an adjustment as \(state): \(ends)")
            }
        }
    }

    @Test("the same seed gives the same history", arguments: [3, 17] as [UInt64])
    func determinism(seed: UInt64) async throws {
        let one = try WorldRun(seed: seed)
        await one.run()
        let other = try WorldRun(seed: seed)
        await other.run()
        #expect(one.world.state.withLock(\.events) == other.world.state.withLock(\.events))
        #expect(!one.world.state.withLock(\.events).isEmpty)
    }
}

/// The course of one world.
final class WorldRun {
    let world: World
    private var loops: [PolicyLoop]
    private var checkedWrites = 0
    /// The last adjustment each loop has told of.
    private var told: [UUID?] = [nil, nil]
    private(set) var ends: [AdjustmentState: Int] = [:]
    private static let steps = 160
    private static let calmSteps = 170

    init(seed: UInt64, wrap: (MemoryJournal, Int) throws -> any Journal = { journal, _ in journal }) throws {
        let world = try World(seed: seed, policy: Self.policy(seed), wrap: wrap)
        self.world = world
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
        policy.knobs = [
            Knob(
                name: "slots", domain: .values([.integer(1), .integer(2), .integer(4), .integer(8)]),
                place: .containerArgument(container: "vllm", flag: "--max-num-seqs"), role: .concurrency)
        ]
        policy.verify.settle = .seconds(30)
        policy.verify.window = .seconds(120)
        policy.verify.minSamples = 50
        policy.verify.onInconclusive = seed % 2 == 0 ? .revert : .keep
        policy.budgets.adjustments = .init(count: 6, window: .seconds(3_600))
        policy.learning.holdout = 0.2
        return policy
    }

    func run() async {
        for _ in 0..<Self.steps {
            happen()
            await step()
        }
        // Then peace: what is open must come to an end.
        world.state.withLock { state in
            state.trouble = .none
            state.stale = []
        }
        world.target.state.withLock { $0.isGone = false }
        for _ in 0..<Self.calmSteps { await step() }
        checkEnds()
    }

    private func step() async {
        world.state.withLock { $0.now = $0.now.advanced(by: .seconds(15)) }
        for (index, loop) in loops.enumerated() {
            let before = openStates(world.journals[index])
            let report = await loop.tick()
            check(report, before, journal: world.journals[index])
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
        if world.chance(trouble.restarts) {
            let index = world.pick(2)
            loops[index] = world.makeLoop(index)
            told[index] = nil
        }
        if world.chance(trouble.wallJumps) {
            let hours = world.pick(48) - 24
            world.state.withLock { $0.wallOffset = .seconds(hours * 3_600) }
        }
        if world.chance(0.02) {
            let load = 0.5 + Double(world.pick(100)) / 100
            world.state.withLock { $0.load = load }
        }
        operate(trouble)
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

    // MARK: Promises

    private func openStates(_ journal: MemoryJournal) -> [UUID: AdjustmentState] {
        journal.state.withLock { $0.adjustments.filter { $0.value.isOpen }.mapValues(\.state) }
    }

    private func check(_ report: PolicyLoop.Report, _ before: [UUID: AdjustmentState], journal: MemoryJournal) {
        let adjustments = journal.state.withLock(\.adjustments)
        if adjustments.values.count(where: \.isOpen) > 1 { world.violate("a target has two open adjustments") }
        for adjustment in adjustments.values {
            if adjustment.verdict == .worsened, adjustment.kind != .holdout,
                ![.rollingBack, .rollbackFailed, .rolledBack, .superseded].contains(adjustment.state)
            {
                world.violate("\(adjustment.id) is worse, but \(adjustment.state)")
            }
        }
        for (id, state) in before {
            guard let after = adjustments[id]?.state, after != state else { continue }
            let reached = adjustments[id]?.history.map(\.state) ?? []
            for (one, next) in zip(reached, reached.dropFirst()) where !one.successors.contains(next) {
                world.violate("\(id) went from \(one) to \(next)")
            }
        }
    }

    private func checkWrites() {
        let writes = world.target.state.withLock(\.writes)
        guard writes.count > checkedWrites else { return }
        checkedWrites = writes.count
        for (one, next) in zip(writes, writes.dropFirst())
        where next.order.fence < one.order.fence && one.order.identity == next.order.identity {
            world.violate("a controller of term \(next.order.fence.rawValue) wrote after one of term \(one.order.fence.rawValue)")
        }
        var forward: [UUID: Int] = [:]
        for write in writes where write.order.direction == .forward { forward[write.order.adjustment, default: 0] += 1 }
        for (id, count) in forward where count > 1 { world.violate("\(id) was applied \(count) times") }
        // A kept change bears no mark any more: an operator who takes it back says that its value is meant, whoever set it since.
        let kept = Set(world.journals.flatMap { $0.state.withLock { $0.adjustments.values.filter { $0.reached(.kept) != nil }.map(\.id) } })
        for write in writes
        where write.order.direction == .back && write.lastWriter != write.order.adjustment && !kept.contains(write.order.adjustment) {
            world.violate(
                "a rollback of \(write.order.adjustment) overwrote a change of \(write.lastWriter?.uuidString ?? "somebody else")")
        }
    }

    private func checkEnds() {
        let journals = Set(world.journals.map(ObjectIdentifier.init)).count == 1 ? [world.journals[0]] : world.journals
        let leader = world.state.withLock(\.leader)
        let applied = Set(world.target.state.withLock(\.writes).filter { $0.order.direction == .forward }.map(\.order.adjustment))
        for journal in journals {
            let leads = journal === world.journals[leader]
            for adjustment in journal.state.withLock(\.adjustments).values {
                ends[adjustment.state, default: 0] += 1
                // What a controller that lost its lead left open, the other has adopted; it settles its own books when it leads again.
                let isRecent =
                    world.now.since(adjustment.proposedAt).duration < .seconds(adjustment.state == .awaitingApproval ? 3_700 : 2_400)
                if leads, adjustment.isOpen, !isRecent {
                    world.violate("\(adjustment.id) never ended: \(adjustment.state), \(adjustment.lastProblem ?? "")")
                }
                if leads, applied.contains(adjustment.id), adjustment.state == .failed || adjustment.state == .rejected {
                    world.violate("\(adjustment.id) was applied, but ended \(adjustment.state)")
                }
            }
        }
        let known = journals.flatMap { journal in journal.state.withLock { Array($0.adjustments.keys) } }
        for id in applied where !known.contains(id) { world.violate("\(id) was applied, and no journal knows it") }
    }
}
