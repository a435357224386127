import Control
import EpisodeStore
import Foundation
import Kubernetes
import Measurements
import Policies
import Statistics

/// A controller that contends for a lease with another and ticks until it is killed: faster than the clock on the wall by 15 s a tick.
struct ContendingRun {
    private let server: String
    private let folder: String
    private let identity: String
    private let ground = Ground(.argument, slope: -0.5)

    static let pace = Duration.milliseconds(40)
    static let timing = LeaseTiming(leaseSeconds: 2, renewDeadline: .seconds(1), retryPeriod: .milliseconds(200))

    /// - Parameter identity: In the lease, and as the token of its requests.
    init(server: String, folder: String, identity: String) {
        self.server = server
        self.folder = folder
        self.identity = identity
    }

    /// Has something to do all the time: four values, and quiet for a few ticks only.
    private var policy: Policy {
        var policy = ground.policy
        policy.knobs[0].domain = .values([.integer(2), .integer(4), .integer(8), .integer(16)])
        policy.objective.latencies[0].limit = .milliseconds(100)
        policy.triggers[0].cooldown = .seconds(30)
        policy.triggers[0].cooldownAfterRollback = .seconds(30)
        policy.triggers[0].condition = .leaf(
            .init(
                name: "p95LatencyExceeds",
                test: .compare(.latency(.timeToFirstToken, .percentile(.p95)), .above, threshold: 0.1, window: nil)))
        return policy
    }

    func run() async throws {
        let clock = TickClock(file: folder + "/tick")
        let store = try EpisodeStore(path: folder + "/store.sqlite")
        let policy = policy
        let elector = try LeaseElector(
            try ClusterAccess(server: server, token: identity), namespace: "llm", name: "llm-auto-optimizer", identity: identity,
            timing: Self.timing)
        let election = Task { await elector.run() }
        let engine = try HelperRun.adjuster(policy.knobs, server: server, token: "engine", clock: clock)
        let source = LoadSource(ground) { try? await engine.observe().values["slots"]?.value.wholeNumber }
        let loop = PolicyLoop(
            policy: policy, target: Ground.target,
            ports: LoopPorts(
                clock: clock, sources: [source],
                adjuster: try HelperRun.adjuster(policy.knobs, server: server, token: identity, clock: clock), journal: store,
                leadership: elector, announcer: KeptEvents(), toolVersion: "test", origin: .run))
        while true {
            try clock.advance()
            let report = await loop.tick()
            // As an operator who closes the breaker again: what was adopted cannot be judged, and is rolled back.
            if case .breakerOpen? = report.refusal {
                var entry = JournalEntry(policy: policy.name, time: clock.steady)
                entry.pause = .ends
                try store.commit(entry)
            }
            if election.isCancelled { return }
            try await Task.sleep(for: Self.pace)
        }
    }
}
