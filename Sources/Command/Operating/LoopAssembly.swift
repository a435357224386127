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
    /// Probes that run beside their loops, by policy.
    private let probes = Mutex<[String: [Task<Void, Never>]]>([:])

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

    /// The loop of a policy; its probes begin at once, and those of an earlier loop of its name end.
    /// - Throws: `CommandFailure` where a source or the target cannot be worked with.
    func loop(_ policy: Policy) throws -> PolicyLoop {
        var running: [StreamingProbe] = []
        let sources = try policy.monitor.sources.map { source in try self.source(source, policy, &running) }
        let ports = LoopPorts(
            clock: clock, sources: sources, adjuster: try adjuster(policy), journal: store, leadership: leadership, announcer: announcer,
            fleet: fleet, plannedChange: { PlannedChange($0, policy: policy, manifest: nil) }, toolVersion: LLMAutoOptimizer.version,
            origin: origin)
        let tasks = running.map { probe in Task { await probe.run() } }
        let former = probes.withLock { probes in
            defer { probes[policy.name] = tasks }
            return probes[policy.name] ?? []
        }
        for task in former { task.cancel() }
        return PolicyLoop(policy: policy, target: policy.targetName, ports: ports)
    }

    /// Ends all probes and connections.
    func shutdown() async {
        let tasks = probes.withLock { probes in
            defer { probes = [:] }
            return probes.values.flatMap(\.self)
        }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
        await http.shutdown()
        await cluster.shutdown()
    }

    private func source(_ source: Policy.Source, _ policy: Policy, _ running: inout [StreamingProbe]) throws -> any MeasurementSource {
        do {
            switch source.kind {
            case .probe(let probe):
                let made = try StreamingProbe(
                    name: source.name, probe, client: http, clock: clock, seed: seed(policy.name + "/" + source.name))
                running.append(made)
                return made
            case .prometheus(let prometheus): return try PrometheusSource(name: source.name, prometheus, client: http)
            case .scrape(let scrape): return try ScrapeSource(name: source.name, scrape, client: http)
            case .importFiles(let paths): return WatchedFiles(name: source.name, patterns: paths)
            }
        } catch {
            throw CommandFailure("source '\(source.name)' of policy '\(policy.name)': \(error)")
        }
    }

    /// A source that is asked without a loop, and what ends its probe.
    func sourceAlone(_ source: Policy.Source, _ policy: Policy) throws -> (any MeasurementSource, end: () -> Void) {
        var running: [StreamingProbe] = []
        let made = try self.source(source, policy, &running)
        let tasks = running.map { probe in Task { await probe.run() } }
        return (made, { for task in tasks { task.cancel() } })
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
