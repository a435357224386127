import Control
import ControllerHelper
import EpisodeStore
import Foundation
import Kubernetes
import KubernetesTestSupport
import Measurements
import Policies
import Synchronization

/// The production loop in this process: a real store in a file, the real adjuster, a Kubernetes API over HTTP; only the clock and the
/// requests that are measured are of the test.
final class Rig {
    let ground: Ground
    var policy: Policy
    let target: TestCluster
    let folder: TemporaryFolder
    let clock: TickClock
    let events = KeptEvents()
    let leader = TurnedLeadership()
    let fleet = FleetView()
    /// In place of what the target would make of its setting.
    var measure: (@Sendable (_ now: Timestamp, _ value: Int) -> Delivery)?
    var counter = StepCounter()
    /// What the store's file may grow to, from the next start on; less than it has does not let it grow.
    var maximumStoreBytes: Int?
    var identifiers: @Sendable () -> UUID = { UUID() }
    private(set) var store: EpisodeStore?
    private(set) var loop: PolicyLoop?
    private var client: KubernetesClient?

    init(_ ground: Ground, manifest: String? = nil) throws {
        self.ground = ground
        policy = ground.policy
        clock = TickClock(step: ground.step)
        target = try TestCluster(manifest ?? ground.manifest, type: ground.kind == .partition ? .statefulSets : .deployments)
        folder = try TemporaryFolder()
    }

    var storePath: String { folder.path + "/store.sqlite" }

    /// A controller as a process that begins would make it: what the last one held in memory is gone.
    func restart() throws {
        store = nil
        loop = nil
        let store = try EpisodeStore(path: storePath, maximumBytes: maximumStoreBytes)
        let settings = KubernetesClientSettings(deadline: .seconds(5), maximumAttempts: 1, seed: 1)
        let client = try KubernetesClient(try ClusterAccess(server: target.server.url, token: "one"), settings: settings)
        let adjuster = try KubernetesAdjuster(
            target: ground.workload, knobs: policy.knobs, client: client, clock: clock, backOff: { _ in })
        self.store = store
        self.client = client
        loop = PolicyLoop(
            policy: policy, target: ground.target,
            ports: LoopPorts(
                clock: clock, sources: [RigSource(load: load, deliver: measure)], adjuster: CountedAdjuster(adjuster, counter),
                canary: CanaryPorts(
                    target: CountedCanary(KubernetesCanary(adjuster, leadership: leader), counter), meter: GroundMeter(ground)),
                journal: CountedJournal(store, counter), leadership: leader, announcer: events, fleet: fleet, makeIdentifier: identifiers,
                toolVersion: "test",
                origin: .run))
    }

    private var load: LoadSource { LoadSource(ground) { [target, kind = ground.kind] in target.value(kind) } }

    /// One tick, a step after the last.
    @discardableResult
    func tick(_ intent: PolicyLoop.Intent = .decide) async throws -> PolicyLoop.Report {
        if loop == nil { try restart() }
        try clock.advance()
        return await loop!.tick(intent)
    }

    /// Ticks until something is so.
    /// - Returns: The report of the tick after which it was; `nil` where it never was.
    @discardableResult
    func ticks(_ most: Int = 170, until isReached: (PolicyLoop.Report) throws -> Bool) async throws -> PolicyLoop.Report? {
        for _ in 0..<most {
            let report = try await tick()
            if try isReached(report) { return report }
        }
        return nil
    }

    /// Ticks until the newest adjustment is in a state.
    @discardableResult
    func ticks(_ most: Int = 400, until state: AdjustmentState) async throws -> PolicyLoop.Report? {
        try await ticks(most) { _ in try self.newest?.state == state }
    }

    /// Ticks until everything that was begun has ended, and nothing of it stands on the target.
    func finish() async throws {
        var quiet = 0
        for _ in 0..<400 where quiet < 3 {
            let report = try await tick()
            let all = try store!.adjustments()
            let isOver =
                !all.isEmpty && all.allSatisfy { !$0.isOpen } && report.observation != nil && target.annotation(TestCluster.mark) == nil
            quiet = isOver ? quiet + 1 : 0
        }
    }

    /// Leaves a request of an operator.
    func ask(_ action: OperatorRequest.Action) throws {
        try RequestInbox(storePath: storePath).leave(OperatorRequest(id: UUID(), time: clock.wall, action: action))
    }

    /// The next start finds nothing of what was kept.
    func loseStore() throws {
        (store, loop) = (nil, nil)
        for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: storePath + suffix) }  // Not all are there.
    }

    func memory() throws -> ControlMemory {
        try store!.memory(of: policy.name, target: ground.target, since: Timestamp(nanosecondsSinceEpoch: 0))
    }

    var newest: Adjustment? { get throws { try store?.adjustments(limit: 1).first } }

    func final() throws -> FinalState { try FinalState(target, ground, store: store!) }

    func heard(_ kind: ControlEvent.Kind) -> [String] { events.all.filter { $0.kind == kind }.map(\.message) }

    deinit {
        guard let client else { return }
        Task { await client.shutdown() }
    }
}

/// Asks the load, or whatever a test puts in its place.
private struct RigSource: MeasurementSource {
    let name = "probe"
    let load: LoadSource
    let deliver: (@Sendable (_ now: Timestamp, _ value: Int) -> Delivery)?

    func deliver(_ request: DeliveryRequest) async -> Delivery {
        guard let deliver else { return await load.deliver(request) }
        return deliver(request.now, 0)
    }
}

/// Leadership that a test gives and takes.
final class TurnedLeadership: Leadership {
    private let held = Mutex<(term: FencingToken?, asksLeft: Int)>((.unfenced, .max))

    func term() -> FencingToken? {
        held.withLock { held in
            guard held.asksLeft > 0 else { return nil }
            held.asksLeft -= 1
            return held.term
        }
    }

    /// - Parameter asks: How often it is told before it is lost.
    func turn(_ term: FencingToken?, asks: Int = .max) { held.withLock { $0 = (term, asks) } }
}
