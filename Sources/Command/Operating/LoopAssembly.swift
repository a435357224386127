import CommandTargets
import Control
import EpisodeStore
import Foundation
import Kubernetes
import Measurements
import Policies
import Probing
import Synchronization
import Telemetry
import Transport
import Watching

/// Puts together what a policy's loop needs of the world.
final class LoopAssembly: Sendable {
    private let store: EpisodeStore
    private let clock: SystemClock
    private let announcer: any Announcer
    private let leadership: any Leadership
    private let origin: CycleRecord.Origin
    private let http: HTTPClient
    private let cluster: ClusterConnection
    let fleet = FleetView()

    init(
        store: EpisodeStore, clock: SystemClock, announcer: any Announcer, leadership: any Leadership, origin: CycleRecord.Origin,
        cluster: ClusterConnection
    ) throws {
        self.store = store
        self.clock = clock
        self.announcer = announcer
        self.leadership = leadership
        self.origin = origin
        self.cluster = cluster
        do {
            http = try HTTPClient()
        } catch {
            throw CommandFailure("cannot open connections: \(error.cause)", status: .unreachable)
        }
    }

    /// The loop of a policy; its probes begin at once and end with it.
    /// - Throws: `CommandFailure` where a source or the target cannot be worked with.
    func loop(_ policy: Policy) throws -> PolicyLoop {
        let adjuster = try adjuster(policy)
        let ports = LoopPorts(
            clock: clock, sources: try policy.monitor.sources.map { try source($0, of: policy) }, adjuster: adjuster,
            canary: try canary(policy, adjuster), journal: store, leadership: leadership, announcer: announcer, fleet: fleet,
            plannedChange: { PlannedChange($0, policy: policy, manifest: nil) }, toolVersion: LLMAutoOptimizer.version, origin: origin)
        return PolicyLoop(policy: policy, target: policy.targetName, ports: ports)
    }

    /// Ends all connections, and with them whatever waits for an answer.
    func shutdown() async {
        await http.shutdown()
        await cluster.shutdown()
    }

    /// A source that delivers from now on.
    func source(_ source: Policy.Source, of policy: Policy) throws -> any MeasurementSource {
        do {
            switch source.kind {
            case .probe(let probe):
                return RunningProbe(
                    try StreamingProbe(
                        name: source.name, probe, client: http, clock: clock, seed: seed(policy.name + "/" + source.name)))
            case .prometheus(let prometheus): return try PrometheusSource(name: source.name, prometheus, client: http)
            case .scrape(let scrape): return try ScrapeSource(name: source.name, scrape, client: http)
            case .importFiles(let paths): return WatchedFiles(name: source.name, patterns: paths)
            }
        } catch {
            throw CommandFailure("source '\(source.name)' of policy '\(policy.name)': \(error)")
        }
    }

    func adjuster(_ policy: Policy) throws -> (any Adjuster)? {
        switch policy.target {
        case .kubernetes(let target):
            let client = try cluster.client()
            do throws(AdjusterError) {
                return try KubernetesAdjuster(target: target, knobs: policy.knobs, client: client, clock: clock)
            } catch {
                throw CommandFailure("the target of policy '\(policy.name)': \(error.explanation)")
            }
        case .command(let target):
            return CommandAdjuster(
                target: target, knobs: policy.knobs, stateDirectory: store.path + ".targets",
                variables: ProcessInfo.processInfo.environment, client: http)
        case .simulator:
            throw CommandFailure("policy '\(policy.name)': the embedded engine is driven by the verb demo; name another target to act on")
        case .none: return nil
        }
    }

    /// How changes are tried on a part of the replicas first; `nil` where a target has none that could be told apart.
    private func canary(_ policy: Policy, _ adjuster: (any Adjuster)?) throws -> CanaryPorts? {
        guard let adjuster = adjuster as? KubernetesAdjuster else { return nil }
        do {
            return CanaryPorts(
                target: KubernetesCanary(adjuster, leadership: leadership), meter: try GroupMeter(policy, client: http))
        } catch {
            throw CommandFailure("the sources of policy '\(policy.name)': \(error)")
        }
    }

    /// Differs between sources and is the same in every process: probes of two controllers do not meet, and a restart repeats nothing.
    private func seed(_ text: String) -> UInt64 {
        text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}

extension Policy {
    /// The deployment under control, as episodes and adjustments call it.
    var targetName: String {
        switch target {
        case .kubernetes(let target): "\(target.namespace)/\(target.kind)/\(target.name)"
        case .command(let target): "command/\(target.name)"
        case .simulator: "simulator/\(name)"
        case .none: "none/\(name)"
        }
    }
}

/// A probe that is at work as long as somebody holds this.
private final class RunningProbe: MeasurementSource {
    private let probe: StreamingProbe
    private let work: Task<Void, Never>

    init(_ probe: StreamingProbe) {
        self.probe = probe
        work = Task { await probe.run() }
    }

    deinit { work.cancel() }

    var name: String { probe.name }

    func deliver(_ request: DeliveryRequest) async -> Delivery { await probe.deliver(request) }
}

/// The one connection to a cluster, made when somebody first needs it.
final class ClusterConnection: Sendable {
    private let options: ClusterOptions
    private let made = Mutex<KubernetesClient?>(nil)

    init(_ options: ClusterOptions) { self.options = options }

    /// - Throws: `CommandFailure` that names the place in the configuration and the cure.
    func client() throws -> KubernetesClient {
        try made.withLock { made in
            if let made { return made }
            do {
                let client = try KubernetesClient(try options.access())
                made = client
                return client
            } catch let error as ConfigurationError {
                throw CommandFailure("no access to a cluster: \(error)")
            } catch {
                throw CommandFailure("no access to a cluster: \(error)", status: .unreachable)
            }
        }
    }

    func shutdown() async {
        let client = made.withLock { made in
            defer { made = nil }
            return made
        }
        await client?.shutdown()
    }
}
