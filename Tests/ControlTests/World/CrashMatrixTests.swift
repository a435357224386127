import Control
import Foundation
import Learning
import Measurements
import Policies
import Statistics
import Synchronization
import Testing

/// Every step of a cycle disturbed once, found by counting: the end must be that of an undisturbed run.
///
/// The same matrix with real processes and SIGKILL is in the tests of the command.
@Suite("A disturbance at every step")
struct CrashMatrixTests {
    enum Scenario: CaseIterable, CustomTestStringConvertible {
        case helps, harms, takenBackByOperator

        var testDescription: String { "\(self)" }
    }

    enum Disturbance: CaseIterable {
        case killedBeforeCommit, killedAfterCommit, commitFails, callFails, callTimesOut, answerLost, conflict
    }

    @Test("ends as without it, nothing applied twice, nothing forgotten", arguments: Scenario.allCases)
    func matrix(scenario: Scenario) async throws {
        let calm = try await DisturbedRun(scenario, nil).run()
        let expected: AdjustmentState = scenario == .helps ? .kept : .rolledBack
        #expect(calm.states == [expected])
        #expect(calm.value == (scenario == .helps ? 4 : 2))
        #expect(calm.commits > 5 && calm.calls > 20)
        for disturbance in Disturbance.allCases {
            let steps = [.killedBeforeCommit, .killedAfterCommit, .commitFails].contains(disturbance) ? calm.commits : calm.calls
            for step in 1...steps {
                let end = try await DisturbedRun(scenario, (disturbance, step)).run()
                #expect(end.value == calm.value, "\(disturbance) at \(step) of \(steps) leaves \(end.value) of \(calm.value)")
                #expect(end.states == calm.states, "\(disturbance) at \(step) of \(steps) ends \(end.states)")
                #expect(end.forwardWrites == 1 && end.mark == nil && end.violations.isEmpty, "\(disturbance) at \(step): \(end)")
            }
        }
    }
}

/// How a run ended.
struct RunEnd {
    var value: Int
    var states: [AdjustmentState]
    var forwardWrites: Int
    var commits: Int
    var calls: Int
    var mark: AdjustmentMark?
    var violations: [String]
}

/// One adjustment from its trigger to its end, in a world in which exactly one thing goes wrong.
final class DisturbedRun: Sendable {
    private struct Count {
        var commits = 0
        var calls = 0
        /// The process is gone: nothing it would still do happens.
        var isDead = false
    }

    private let scenario: CrashMatrixTests.Scenario
    private let disturbance: (kind: CrashMatrixTests.Disturbance, step: Int)?
    private let count = Mutex(Count())
    private let world: World
    private let journal: MemoryJournal

    init(_ scenario: CrashMatrixTests.Scenario, _ disturbance: (CrashMatrixTests.Disturbance, Int)?) throws {
        self.scenario = scenario
        self.disturbance = disturbance.map { (kind: $0.0, step: $0.1) }
        let world = try World(seed: 0, trouble: .none, policy: Self.policy, slope: scenario == .harms ? 0.4 : -0.5)
        self.world = world
        journal = world.journals[0]
    }

    private static let policy: Policy = {
        var policy = WorldRun.policy(1)
        policy.mode = .auto
        policy.knobs[0].domain = .values([.integer(2), .integer(4)])
        policy.triggers[0].cooldown = .seconds(7_200)
        policy.triggers[0].cooldownAfterRollback = .seconds(7_200)
        policy.learning.holdout = 0
        return policy
    }()

    func run() async -> RunEnd {
        var loop = makeLoop()
        var wasTakenBack = false
        var quiet = 0
        for _ in 0..<170 where quiet < 8 {
            world.state.withLock { $0.now = $0.now.advanced(by: .seconds(15)) }
            _ = await loop.tick()
            if count.withLock(\.isDead) {
                count.withLock { $0.isDead = false }
                loop = makeLoop()
            }
            if scenario == .takenBackByOperator, !wasTakenBack, let kept = kept() {
                wasTakenBack = true
                journal.state.withLock {
                    $0.requests.append(OperatorRequest(id: UUID(), time: world.now, action: .rollback(adjustment: kept)))
                }
            }
            quiet = isOver(wasTakenBack) ? quiet + 1 : 0
        }
        return end()
    }

    /// Whether everything that was begun has ended and nothing more is asked.
    private func isOver(_ wasTakenBack: Bool) -> Bool {
        let isDone = journal.state.withLock {
            !$0.adjustments.isEmpty && $0.requests.isEmpty && $0.adjustments.values.allSatisfy { !$0.isOpen }
        }
        return isDone && (scenario != .takenBackByOperator || wasTakenBack)
    }

    private func kept() -> UUID? { journal.state.withLock { $0.adjustments.values.first { $0.state == .kept }?.id } }

    private func end() -> RunEnd {
        let target = world.target.state.withLock { ($0.values["slots"]?.wholeNumber ?? 0, $0.writes, $0.mark) }
        let states = journal.state.withLock { state in state.order.compactMap { state.adjustments[$0]?.state } }
        let counts = count.withLock { ($0.commits, $0.calls) }
        return RunEnd(
            value: target.0, states: states, forwardWrites: target.1.count { $0.order.direction == .forward }, commits: counts.0,
            calls: counts.1, mark: target.2, violations: world.state.withLock(\.violations))
    }

    private func makeLoop() -> PolicyLoop {
        world.makeLoop(0, journal: CountedJournal(journal: journal, before: { try self.beforeCommit() }, after: { try self.afterCommit() }))
        {
            self.fault($0)
        }
    }

    struct Killed: Error {}

    private func beforeCommit() throws {
        let step = count.withLock { count -> Int in
            count.commits += 1
            return count.commits
        }
        if count.withLock(\.isDead) { throw Killed() }
        guard let disturbance, disturbance.step == step else { return }
        switch disturbance.kind {
        case .killedBeforeCommit:
            count.withLock { $0.isDead = true }
            throw Killed()
        case .commitFails: throw MemoryJournal.Failure()
        default: break
        }
    }

    private func afterCommit() throws {
        guard let disturbance, disturbance.kind == .killedAfterCommit, disturbance.step == count.withLock(\.commits) else { return }
        count.withLock { $0.isDead = true }
        throw Killed()
    }

    private func fault(_ call: String) -> WorldConnection.Fault {
        let step = count.withLock { count -> Int in
            count.calls += 1
            return count.calls
        }
        if count.withLock(\.isDead) { return .unreachable }
        guard let disturbance, disturbance.step == step else { return .none }
        switch disturbance.kind {
        case .callFails: return .unreachable
        case .callTimesOut: return .timeoutBefore
        case .answerLost: return .lostAnswer
        case .conflict: return .conflict
        case .killedBeforeCommit, .killedAfterCommit, .commitFails: return .none
        }
    }
}

/// A journal whose commits are counted, and may be the last thing a process does.
private struct CountedJournal: Journal {
    let journal: MemoryJournal
    let before: @Sendable () throws -> Void
    let after: @Sendable () throws -> Void

    func memory(of policy: String, target: String, since: Timestamp) throws -> ControlMemory {
        try journal.memory(of: policy, target: target, since: since)
    }
    func openAdjustments() throws -> [OpenAdjustment] { try journal.openAdjustments() }
    func requests() throws -> [OperatorRequest] { try journal.requests() }
    func adjustment(_ id: UUID) throws -> Adjustment? { try journal.adjustment(id) }

    func commit(_ entry: JournalEntry) throws {
        try before()
        try journal.commit(entry)
        try after()
    }
}
