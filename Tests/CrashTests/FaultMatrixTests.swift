import Control
import ControllerHelper
import EpisodeStore
import Foundation
import KubernetesTestSupport
import Policies
import Testing

/// Everything that can go wrong with one request or one write to the store, at every one of them.
///
/// `CRASH_MATRIX=all` strikes every request of every run with every fault; otherwise those that write, and some that read, with three.
@Suite("One fault at every request and every commit")
struct FaultMatrixTests {
    enum Trouble: Hashable, CaseIterable, CustomTestStringConvertible {
        case internalError, timeoutApplied, timeoutNotApplied, cutBefore, answerLost, tooMany, statusMoves

        var testDescription: String { "\(self)" }

        var effect: Fault.Effect {
            switch self {
            case .internalError: .internalError
            case .timeoutApplied: .gatewayTimeout(applied: true)
            case .timeoutNotApplied: .gatewayTimeout(applied: false)
            case .cutBefore: .cutBeforeProcessing
            case .answerLost: .answerLost
            case .tooMany: .tooManyRequests(retryAfterSeconds: 1)
            case .statusMoves: .stall(processOnRelease: true)
            }
        }
    }

    /// A change that is taken back is made as well.
    static let grounds: [Ground] =
        KillMatrixTests.isWhole
        ? [Ground.KnobKind.argument, .replicas].flatMap { [Ground($0, slope: -0.5), Ground($0, slope: 0.4)] }
        : [Ground(.argument, slope: 0.4), Ground(.replicas, slope: -0.5)]

    @Test("of the API ends as without it", arguments: Self.grounds)
    func requests(ground: Ground) async throws {
        let calm = try Rig(ground)
        try await calm.finish()
        let end = try calm.final()
        #expect(end.states == [ground.slope < 0 ? .kept : .rolledBack] && end.forwardWrites == 1)
        let numbers = Self.numbers(calm.target.cluster.requests)
        #expect(numbers.count > 5)
        let start = ContinuousClock.now
        var runs = 0
        for (index, number) in numbers.enumerated() {
            for (other, trouble) in Trouble.allCases.enumerated() where KillMatrixTests.isWhole || (index + other) % 7 < 3 {
                runs += 1
                let rig = try Rig(ground)
                try await Self.strike(rig, trouble, number)
                #expect(rig.target.cluster.pendingFaults == 0, "request \(number) was never sent")
                #expect(try rig.final() == end, "\(trouble) at request \(number)")
            }
        }
        print("\(ground.title): \(numbers.count) requests struck, \(runs) runs in \(start.duration(to: .now))")
    }

    /// A canary sends a thousand requests in its hour: each write is struck, and a read here and there.
    @Test("of a canary ends as without it", arguments: KillMatrixTests.isWhole ? [-0.5, 0.4] : [-0.5])
    func canary(slope: Double) async throws {
        let ground = Ground(.canary, slope: slope)
        let calm = try Rig(ground)
        try await calm.finish()
        let end = try calm.final()
        #expect(end.states == [slope < 0 ? .kept : .rolledBack] && end.groups.isEmpty)
        let numbers = calm.target.cluster.requests
            .filter { $0.method != "GET" || (KillMatrixTests.isWhole ? $0.number % 20 == 7 : $0.number % 400 == 7) }.map(\.number)
        #expect(numbers.count > 12)
        let start = ContinuousClock.now
        var runs = 0
        for (index, number) in numbers.enumerated() {
            for (other, trouble) in Trouble.allCases.enumerated() where KillMatrixTests.isWhole || (index + other) % 7 == 0 {
                runs += 1
                let rig = try Rig(ground)
                try await Self.strike(rig, trouble, number)
                #expect(try rig.final() == end, "\(trouble) at request \(number)")
            }
        }
        print("\(ground.title): \(numbers.count) requests struck, \(runs) runs in \(start.duration(to: .now))")
    }

    private static func numbers(_ requests: [RequestRecord]) -> [Int] {
        let writes = requests.filter { $0.method != "GET" }.map(\.number)
        if KillMatrixTests.isWhole { return requests.map(\.number) }
        // The reads around the first write are those that a change depends on.
        let first = writes.first ?? 1
        return requests.map(\.number).filter { writes.contains($0) || $0 % 60 == 7 || $0 == first - 1 }
    }

    private static func strike(_ rig: Rig, _ trouble: Trouble, _ number: Int) async throws {
        rig.target.cluster.inject(Fault(trouble.effect, match: Fault.Match(number: number)))
        guard trouble == .statusMoves else { return try await rig.finish() }
        let target = rig.target
        let mover = Task {
            while target.cluster.stalledRequests == 0 {
                if Task.isCancelled { return }
                try? await Task.sleep(for: .milliseconds(1))
            }
            target.edit(#"{"status": {"collisionCount": 7}}"#, path: "/apis/apps/v1/namespaces/llm/deployments/chat/status")
            target.cluster.releaseStalled()
        }
        try await rig.finish()
        mover.cancel()
        await mover.value
    }

    struct DiskFull: Error, CustomStringConvertible {
        let description = "the disk is full"
    }

    @Test("of the store ends as without it", arguments: Self.grounds)
    func commits(ground: Ground) async throws {
        let calm = try Rig(ground)
        try await calm.finish()
        let end = try calm.final()
        let commits = calm.counter.count(.commit)
        #expect(commits > 5)
        for number in 1...commits {
            let rig = try Rig(ground)
            rig.counter = StepCounter(before: { if $0.kind == .commit, $0.number == number { throw DiskFull() } })
            try await rig.finish()
            #expect(rig.counter.count(.commit) >= number)
            #expect(rig.heard(.journalFailed).count == 1)
            #expect(try rig.final() == end, "commit \(number) of \(commits) failed")
        }
    }
}
