import Control
import ControllerHelper
import EpisodeStore
import Foundation
import KubernetesTestSupport
import Learning
import Measurements
import Policies
import Statistics
import Testing

/// The failure table of the design, a test a row, with the production loop, a real store and the API over HTTP.
@Suite("Failure table")
struct FailureTableTests {
    static let helps = Ground(.argument, slope: -0.5)
    static let harms = Ground(.argument, slope: 0.4)
    static let failing = Fault.Match(user: "one")

    static let cpu = Knob(
        name: "cpu", domain: .values([.integer(2), .integer(4)]), place: .resource(container: "vllm", resource: "cpu"), role: .replicas)
    static let withResources = Ground.manifest().replacing(
        "--max-num-seqs=2]", with: "--max-num-seqs=2], resources: {limits: {cpu: \"2\"}}")

    static let batchSize = Knob(
        name: "batch", domain: .values([.integer(2), .integer(4)]), place: .environment(container: "vllm", name: "BATCH"),
        role: .concurrency)
    static let withBatchSize = Ground.manifest().replacing(
        "--max-num-seqs=2]", with: "--max-num-seqs=2], env: [{name: BATCH, value: \"2\"}]")

    enum Silence: CaseIterable {
        case missing, notANumber, stale
    }

    @Test("source missing, not a number or stale: unknown, and hold", arguments: Silence.allCases)
    func source(silence: Silence) async throws {
        let rig = try Rig(Self.helps)
        let ground = rig.ground
        rig.measure = { now, value in
            switch silence {
            case .missing: return Delivery(faults: ["no answer"])
            case .notANumber:
                let query = MetricQuery.latency(.timeToFirstToken, .percentile(.p95))
                return Delivery(readings: [RecordedReading(query: query, window: .seconds(60), reading: .unknown(.notFinite(count: 100)))])
            case .stale:
                return now < Ground.start.advanced(by: .seconds(90))
                    ? Delivery(measurements: ground.measurements(until: now, value: 2)) : Delivery()
            }
        }
        var last: PolicyLoop.Report?
        for _ in 0..<30 { last = try await rig.tick() }
        #expect(last?.decision?.outcome == .unknown)
        #expect(try rig.newest == nil)
        #expect(rig.target.valueWrites(.argument).isEmpty)
        #expect(rig.heard(.sourceStale).count == 1)
    }

    @Test("API server down: hold, and the verification clock stands")
    func serverDown() async throws {
        let rig = try Rig(Self.helps)
        try await rig.ticks(until: .observing)
        try await rig.tick()
        let before = try #require(try rig.newest)
        rig.target.cluster.inject(Fault(.cutBeforeProcessing, match: Self.failing, times: 10_000))
        for _ in 0..<100 { try await rig.tick() }
        let during = try #require(try rig.newest)
        #expect(during.state == .observing && during.elapsed == before.elapsed && during.verdict == nil)
        #expect(during.lastProblem?.isEmpty == false)
        rig.target.cluster.clearFaults()
        try await rig.finish()
        #expect(try rig.final().states == [.kept])
    }

    @Test("409: read again and decide again, at most five repetitions a call and five calls", arguments: [false, true])
    func conflicts(sparesRehearsals: Bool) async throws {
        let rig = try Rig(Self.helps)
        let cluster = rig.target.cluster
        let target = rig.target
        let opponent = Task {
            var moves = 0
            while !Task.isCancelled {
                if cluster.stalledRequests > 0 {
                    moves += 1
                    if !sparesRehearsals || !cluster.isRehearsing { target.edit(#"{"metadata": {"labels": {"moved": "\#(moves)"}}}"#) }
                    cluster.releaseStalled()
                }
                await Task.yield()
            }
        }
        cluster.inject(Fault(.stall(processOnRelease: true), match: Fault.Match(verb: "patch", user: "one"), times: 10_000))
        try await rig.ticks(until: .failed)
        opponent.cancel()
        await opponent.value
        cluster.abandonStalled()
        #expect(try rig.newest?.state == .failed)
        let patches = cluster.requests.filter { $0.verb == "patch" && $0.user == "one" }
        // Who meets another at the rehearsal has not begun to write.
        #expect(patches.count { $0.target.contains("dryRun=All") } == 5)
        #expect(patches.count { !$0.target.contains("dryRun=All") } == (sparesRehearsals ? 5 * 6 : 0))
        #expect(rig.target.value(.argument) == 2 && rig.target.annotation(TestCluster.mark) == nil)
    }

    @Test(
        "401, 403, 422 and quota: terminal for that candidate, remembered with an expiry, then the next candidate",
        arguments: [Fault.Effect.unauthorized, .forbidden, .admissionDenied("at most 2"), .quotaExceeded])
    func refusals(effect: Fault.Effect) async throws {
        let rig = try Rig(Self.helps, manifest: Self.withBatchSize)
        rig.policy.knobs.append(Self.batchSize)
        rig.target.cluster.inject(Fault(effect, match: Fault.Match(verb: "patch", user: "one"), times: 10_000))
        try await rig.ticks(until: .failed)
        rig.target.cluster.clearFaults()
        let refused = try #require(try rig.newest)
        let remembered = try rig.memory().history.infeasible
        #expect(remembered.map(\.knob) == [refused.candidate.knob] && remembered.map(\.to) == [refused.candidate.to])
        #expect(remembered.first?.until == rig.clock.steady.advanced(by: .seconds(3_600)))
        try await rig.ticks { _ in try rig.newest?.id != refused.id }
        let next = try #require(try rig.newest)
        #expect(next.candidate.knob != refused.candidate.knob && next.state != .failed)
        #expect(rig.heard(.adjustmentFailed).count == 1)
    }

    @Test("pods Pending past the progress deadline: retracted, and remembered as infeasible")
    func pendingPods() async throws {
        let rig = try Rig(Ground(.replicas, slope: -0.5))
        let before = rig.target.settings
        rig.target.cluster.setPodBehaviour(.unschedulable, of: "chat", namespace: "llm")
        try await rig.ticks(until: .settling)
        let begun = try #require(try rig.newest?.reached(.settling))
        try await rig.ticks(until: .rolledBack)
        let adjustment = try #require(try rig.newest)
        let retracted = try #require(adjustment.reached(.rollingBack))
        #expect((600...660).contains(retracted.since(begun).duration / .seconds(1)))
        #expect(adjustment.verdict == .unmeasured && adjustment.reason.contains("10m"))
        try await rig.finish()
        #expect(rig.target.settings == before)
        let remembered = try rig.memory().history.infeasible
        #expect(remembered.map(\.knob) == ["replicas"] && remembered.map(\.to) == [.integer(3)])
    }

    enum Interference: CaseIterable {
        case deleted, replaced, changed, changedBack
    }

    @Test(
        "target deleted, or its UID or spec changed by another: superseded, and the other's change stands",
        arguments: Interference.allCases, [AdjustmentState.settling, .observing])
    func superseded(by interference: Interference, in state: AdjustmentState) async throws {
        let rig = try Rig(Self.helps)
        try await rig.ticks(until: state)
        let writes = rig.target.valueWrites(.argument).count { $0.record.user == "one" }
        rig.target.interfere(interference)
        let settings = rig.target.object?["spec"]
        try await rig.tick()
        let adjustment = try #require(try rig.newest)
        #expect(adjustment.state == .superseded && adjustment.verdict == .superseded)
        for _ in 0..<3 { try await rig.tick() }
        #expect(rig.target.object?["spec"] == settings)
        #expect(rig.target.valueWrites(.argument).count { $0.record.user == "one" } == writes)
        #expect(rig.target.annotation(TestCluster.mark) == nil)
        #expect(!rig.heard(.externalChangeDetected).isEmpty)
    }

    @Test("another autoscaler owns replicas: refused, and says who", arguments: [0, 1, 2])
    func foreignOwner(kind: Int) async throws {
        let ground = kind == 2 ? FailureTableTests.cpu : Ground(.replicas, slope: -0.5).knob
        let rig = try Rig(Ground(.replicas, slope: -0.5), manifest: Self.withResources)
        rig.policy.knobs = [ground]
        let title = try rig.target.seedAutoscaler(kind)
        var last: PolicyLoop.Report?
        for _ in 0..<20 { last = try await rig.tick() }
        let excluded = last?.decision?.excluded.filter { $0.reason == .ownedByAnother } ?? []
        #expect(excluded.contains { $0.explanation.contains(title) }, "\(String(describing: last?.decision?.excluded))")
        #expect(try rig.newest == nil)
        #expect(rig.target.cluster.requests.allSatisfy { $0.method == "GET" })
    }

    @Test("more than 40 % of the targets degraded at once: the measurements are doubted, nothing is done")
    func doubtedMeasurements() async throws {
        let rig = try Rig(Self.helps)
        for name in ["a", "b", "c", "d"] { rig.fleet.report(name, target: name, isDegraded: name < "c") }
        var last: PolicyLoop.Report?
        for _ in 0..<25 { last = try await rig.tick() }
        #expect(last?.refusal == .doubtedMeasurements(degraded: 3, of: 5))
        #expect(try rig.newest == nil)
        // What is under way is not judged by such measurements either.
        rig.fleet.report("b", target: "b", isDegraded: false)
        try await rig.ticks(until: .observing)
        for name in ["a", "b", "c", "d"] { rig.fleet.report(name, target: name, isDegraded: true) }
        for _ in 0..<30 { try await rig.tick() }
        #expect(try rig.newest?.state == .observing)
        for name in ["a", "b", "c", "d"] { rig.fleet.report(name, target: name, isDegraded: false) }
        try await rig.finish()
        #expect(try rig.final().states == [.kept])
    }

    @Test("three of the last five adjustments rolled back: only recommends, says so, and a restart does not forget it")
    func breaker() async throws {
        let rig = try Rig(Self.harms)
        rig.policy.triggers[0].cooldown = .seconds(15)
        rig.policy.triggers[0].cooldownAfterRollback = .seconds(15)
        for count in 1...3 {
            try await rig.ticks { _ in try rig.store?.adjustments().count { $0.state == .rolledBack } == count }
            // What did not help is not tried again for an hour.
            for _ in 0..<241 { try rig.clock.advance() }
        }
        let last = try await rig.ticks { report in
            if case .breakerOpen? = report.refusal { true } else { false }
        }
        #expect(last?.refusal == .breakerOpen(rolledBack: 3, of: 3))
        #expect(last?.decision?.outcome == .recommend)
        #expect(rig.heard(.breakerOpened).first?.contains("3 of the last 3 adjustments were rolled back") == true)
        try rig.restart()
        for _ in 0..<20 { try await rig.tick() }
        #expect(try rig.final().states == [.rolledBack, .rolledBack, .rolledBack])
        #expect(rig.heard(.breakerOpened).count == 2)
    }

    enum Moment: CaseIterable {
        case proposed, applying, rehearsed, settled
    }

    @Test("lost leadership: stops before the next side effect, and goes on when it leads again", arguments: Moment.allCases)
    func lostLeadership(moment: Moment) async throws {
        let rig = try Rig(Self.helps)
        let leader = rig.leader
        leader.turn(FencingToken(rawValue: 3))
        rig.counter = StepCounter(after: { step in
            let isNow =
                switch moment {
                case .proposed: step.kind == .commit && step.state == "proposed"
                case .applying: step.kind == .commit && step.state == "applying"
                case .rehearsed: step.name == "rehearse"
                case .settled: step.kind == .commit && step.state == "kept"
                }
            if isNow { leader.turn(nil) }
        })
        try await rig.ticks { _ in leader.term() == nil }
        let writes = rig.target.cluster.writes.count { $0.user == "one" }
        let commits = rig.counter.count(.commit)
        for _ in 0..<20 { try await rig.tick() }
        #expect(rig.target.cluster.writes.count { $0.user == "one" } == writes)
        #expect(rig.target.valueWrites(.argument).count == (moment == .settled ? 1 : 0))
        // A follower may note what it decides, but moves no adjustment.
        #expect(rig.counter.count(.commit) - commits <= 20)
        rig.counter = StepCounter()
        leader.turn(FencingToken(rawValue: 5))
        try rig.restart()
        try await rig.finish()
        let end = try rig.final()
        #expect(end.states == [.kept] && end.forwardWrites == 1 && !end.isMarked)
        #expect(rig.target.annotation(TestCluster.fence) == "5")
    }

    @Test("clock jumps: windows and verification go by the steady clock")
    func clockJumps() async throws {
        let calm = try Rig(Self.helps)
        try await calm.finish()
        let rig = try Rig(Self.helps)
        let clock = rig.clock
        rig.counter = StepCounter(after: { _ in clock.setWall(aheadBy: .seconds([-86_400, 0, 86_400, 3_600][clock.tick % 4])) })
        try await rig.finish()
        #expect(try rig.final() == calm.final())
        #expect(rig.clock.tick == calm.clock.tick)
    }
}

extension FakeCluster {
    /// Whether the newest request that changes something only asks whether it could.
    fileprivate var isRehearsing: Bool { requests.last { $0.verb == "patch" }?.target.contains("dryRun=All") == true }
}

extension TestCluster {
    /// What somebody else does to the target.
    func interfere(_ interference: FailureTableTests.Interference) {
        let path = "/apis/apps/v1/namespaces/llm/deployments/chat"
        switch interference {
        case .deleted: cluster.answer(FakeRequest("DELETE", path))
        case .replaced:
            guard var new = object else { return }
            cluster.answer(FakeRequest("DELETE", path))
            for name in ["uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "annotations"] {
                new["metadata", name] = nil
            }
            cluster.answer(FakeRequest("POST", "/apis/apps/v1/namespaces/llm/deployments", body: Array(new.json.utf8)))
        case .changed: setArgument(16)
        case .changedBack: setArgument(2)
        }
        cluster.advanceRollouts()
    }

    /// - Returns: What an explanation calls it.
    func seedAutoscaler(_ kind: Int) throws -> String {
        let reference = "{apiVersion: apps/v1, kind: Deployment, name: chat}"
        let seeds = [
            "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: auto, namespace: llm}, spec: {scaleTargetRef: \(reference), maxReplicas: 4}}",
            "{apiVersion: keda.sh/v1alpha1, kind: ScaledObject, metadata: {name: auto, namespace: llm}, spec: {scaleTargetRef: {name: chat}}}",
            "{apiVersion: autoscaling.k8s.io/v1, kind: VerticalPodAutoscaler, metadata: {name: auto, namespace: llm}, spec: {targetRef: \(reference)}}",
        ]
        try seed(seeds[kind])
        return ["HorizontalPodAutoscaler llm/auto", "ScaledObject llm/auto", "VerticalPodAutoscaler llm/auto"][kind]
    }
}
