import Control
import ControllerHelper
import EpisodeStore
import Foundation
import KubernetesTestSupport
import Policies
import Testing

/// The production loop in a process of its own, killed once, started again: the end must be that of a process that was never killed.
///
/// `CRASH_MATRIX=all` kills at every step of the run; otherwise at those from the first proposal on, and a few before.
@Suite("kill -9 at every step")
struct KillMatrixTests {
    static let isWhole = ProcessInfo.processInfo.environment["CRASH_MATRIX"] == "all"

    /// Where a run is broken off.
    enum KillPlace: Hashable, CustomStringConvertible {
        /// By the controller itself, before or after a commit or a call of its adjuster.
        case itself(String)
        /// While the API server holds a request of its, which is then carried out or not.
        case inRequest(Int, isCarriedOut: Bool)

        var description: String {
            switch self {
            case .itself(let text): text
            case .inRequest(let number, let isCarriedOut): "in request \(number), \(isCarriedOut ? "carried out" : "cut off")"
            }
        }
    }

    @Test(
        "ends as if there had been none: applied once, nothing forgotten",
        arguments: Ground.KnobKind.allCases, [-0.5, 0.4])
    func matrix(kind: Ground.KnobKind, slope: Double) async throws {
        let ground = Ground(kind, slope: slope)
        let calm = try KilledRun(ground).run()
        let expected: AdjustmentState = slope < 0 ? .kept : .rolledBack
        #expect(calm.end.states == [expected] && calm.end.value == (slope < 0 ? (kind == .replicas ? 3 : 4) : 2))
        // What harms in a canary never comes to the target.
        let isChanged = kind != .canary || slope < 0
        #expect(calm.end.forwardWrites == (isChanged ? 1 : 0) && calm.end.backWrites == (slope < 0 || !isChanged ? 0 : 1))
        #expect(!calm.end.isMarked && calm.end.groups.isEmpty)
        #expect(calm.end.openEpisodes == 0 && calm.end.closedEpisodes == 1 && calm.end.changes.count == 1)
        let places = places(calm, ground)
        #expect(places.count > 10)
        let start = ContinuousClock.now
        // As many at a time as there are cores.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, place) in places.enumerated() {
                if index >= 2 { try await group.next() }
                group.addTask { try await Self.check(ground, place, calm.end) }
            }
            try await group.waitForAll()
        }
        print(
            "kill matrix \(kind), slope \(slope): \(calm.steps.count) steps, \(calm.requests.count) requests, "
                + "\(places.count) killed in \(start.duration(to: .now))")
    }

    private static func check(_ ground: Ground, _ place: KillPlace, _ calm: FinalState) async throws {
        let run = try await blocking { try KilledRun(ground, place).run() }
        #expect(run.wasKilled, "\(place) was not reached")
        #expect(run.end == calm, "killed \(place)")
    }

    private func places(_ calm: KilledRun.Course, _ ground: Ground) -> [KillPlace] {
        var places: [KillPlace] = []
        for (step, former) in zip(calm.steps.dropFirst(), calm.steps) where Self.isWhole || isTelling(step, after: former) {
            // Looking changes nothing: after it is before what comes next.
            let sides = step.name == "observe" && !Self.isWhole ? ["before"] : ["before", "after"]
            places += sides.map { .itself("\($0):\(step.kind):\(step.number)") }
        }
        for request in calm.requests where request.user == "one" && (Self.isWhole ? request.isOpen : request.isWrite) {
            places += [true, false].map { .inRequest(request.number, isCarriedOut: $0) }
        }
        // An hour of a controller's life takes seconds: without the whole matrix every third place has to do.
        return ground.hasGroups && !Self.isWhole ? places.enumerated().filter { $0.offset % 3 == 1 }.map(\.element) : places
    }

    /// Whether something is proposed, or on its way from one state to the next.
    private func isTelling(_ step: KilledRun.Step, after former: KilledRun.Step) -> Bool {
        guard !step.state.isEmpty else { return step.number == 7 }
        return step.name != "observe" && (step.kind == "call" || step.state != former.state)
            || step.state == "observing" && step.number % 9 == 0
    }
}

/// Runs what blocks a thread on one that nobody waits for.
func blocking<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result { try work() }) }
    }
}

/// A controller in a process of its own from its first start to the end of everything it began.
struct KilledRun {
    struct Step {
        var kind: String
        var number: Int
        var name: String
        var state: String
    }

    struct Request {
        var number: Int
        var user: String
        /// Sent between the first write and the last.
        var isOpen: Bool
        var isWrite: Bool
    }

    struct Course {
        var steps: [Step]
        var requests: [Request]
        var wasKilled: Bool
        var end: FinalState
    }

    private let ground: Ground
    private let place: KillMatrixTests.KillPlace?
    private let target: TestCluster
    private let folder: TemporaryFolder

    init(_ ground: Ground, _ place: KillMatrixTests.KillPlace? = nil) throws {
        self.ground = ground
        self.place = place
        target = try TestCluster(ground.manifest, type: ground.kind == .partition ? .statefulSets : .deployments)
        folder = try TemporaryFolder()
    }

    struct Unfinished: Error {
        var lines: [String]
        var end: HelperProcess.End
    }

    func run() throws -> Course {
        let first = try life(place)
        let wasKilled = first.end == .killed
        let last = wasKilled ? try life(nil) : first
        guard last.end == .exited(0), last.lines.last?.hasPrefix("done") == true else {
            throw Unfinished(lines: last.lines.suffix(5), end: last.end)
        }
        let store = try EpisodeStore(readingFrom: folder.path + "/store.sqlite")
        return Course(
            steps: first.lines.compactMap(step), requests: requests(), wasKilled: wasKilled,
            end: try FinalState(target, ground, store: store))
    }

    private func life(_ place: KillMatrixTests.KillPlace?) throws -> (lines: [String], end: HelperProcess.End) {
        var arguments = [
            (name: "server", value: target.server.url), ("folder", folder.path), ("knob", ground.kind.rawValue),
            ("slope", "\(ground.slope)"),
        ]
        guard let place else { return try HelperProcess(arguments).finish() }
        switch place {
        case .itself(let point):
            arguments.append(("kill", point))
            return try HelperProcess(arguments).finish()
        case .inRequest(let number, let isCarriedOut):
            target.cluster.inject(Fault(.stall(processOnRelease: isCarriedOut), match: Fault.Match(number: number)))
            let process = try HelperProcess(arguments)
            while target.cluster.stalledRequests == 0 && process.isRunning { usleep(1_000) }
            process.kill()
            let end = try process.finish()
            target.cluster.releaseStalled()
            return end
        }
    }

    private func step(_ line: String) -> Step? {
        let words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard words.count == 4, ["commit", "call"].contains(words[0]), let number = Int(words[1]) else { return nil }
        return Step(kind: words[0], number: number, name: words[2], state: words[3])
    }

    private func requests() -> [Request] {
        let writes = target.cluster.writes.filter { $0.user == "one" }.compactMap(\.request)
        let span = (writes.min() ?? 0)...(writes.max() ?? 0)
        return target.cluster.requests.map {
            Request(number: $0.number, user: $0.user, isOpen: span.contains($0.number), isWrite: writes.contains($0.number))
        }
    }
}
