import Control
import Documents
import Foundation
import Kubernetes
import Measurements
import Policies
import PolicyFiles
import Synchronization

/// Policies that are objects of a cluster, followed as they change, and told how they stand.
struct ClusterPolicies: PolicySupply {
    private let client: KubernetesClient
    private let leadership: any Leadership
    private let known = KnownPolicies()
    private let teller: StatusTeller
    private var telling: Task<Void, Never>?
    private var lastReport: Timestamp?
    /// Between two looks at what there is to tell.
    private static let reportPause = Duration.seconds(2)

    private static let allNamespaces = "/apis/llm-devops.io/v1alpha1/optimizationpolicies"

    /// - Parameter leadership: Only who leads writes statuses.
    init(_ client: KubernetesClient, leadership: any Leadership) {
        self.client = client
        self.leadership = leadership
        teller = StatusTeller(client)
    }

    var mustHavePolicies: Bool { false }

    mutating func start() async throws {
        do {
            known.list(try await client.list(Self.allNamespaces).items)
        } catch {
            throw CommandFailure("cannot list OptimizationPolicy objects: \(error)", status: .unreachable)
        }
        let client = client
        let known = known
        known.follow(
            Task {
                while !Task.isCancelled {
                    do {
                        for try await event in client.follow(Self.allNamespaces) { known.take(event) }
                    } catch {
                        Terminal.standardError("policies cannot be watched: \(error); trying again\n")
                    }
                    try? await Task.sleep(for: .seconds(5))
                }
            })
    }

    mutating func news(at now: Timestamp) async -> [Policy]? { known.takeNews() }

    mutating func report(_ status: [Controller.Status], at time: Timestamp) async {
        if let lastReport, time >= lastReport, time.since(lastReport).duration < Self.reportPause { return }
        // A server that does not answer holds up the telling only.
        guard await !teller.isBusy else { return }
        lastReport = time
        let gone = known.takeGone()
        let isLeading = leadership.term() != nil
        let reports = Dictionary(status.compactMap { one in one.last.map { (one.policy.name, (one.policy, $0)) } }) { first, _ in first }
        let statuses = known.objects.compactMap { object -> StatusTeller.News? in
            if object.policy == nil {
                return .init(name: object.name, status: PolicyStatus(generation: object.generation ?? 0, problems: object.problems))
            }
            guard let (policy, report) = reports[object.name], policy == object.policy else { return nil }
            return .init(name: object.name, status: PolicyStatus(generation: object.generation ?? 0, policy: policy, report: report))
        }
        telling = Task { [teller] in await teller.tell(isLeading ? statuses : nil, gone: gone, at: time) }
    }

    mutating func close() async {
        telling?.cancel()
        await telling?.value
    }
}

/// The policy objects as they were seen last.
private final class KnownPolicies: Sendable {
    private struct State {
        var objects: [String: PolicyObject] = [:]
        /// Deleted since somebody asked; another object may bear the name by now.
        var gone: Set<String> = []
        var isNew = true
        var task: Task<Void, Never>?
    }

    private let state = Mutex(State())

    deinit { state.withLock { $0.task?.cancel() } }

    var objects: [PolicyObject] { state.withLock { $0.objects.values.sorted { $0.name < $1.name } } }

    func follow(_ task: Task<Void, Never>) { state.withLock { $0.task = task } }

    func list(_ items: [DocumentValue]) {
        let objects = items.compactMap(Self.read)
        state.withLock { state in
            let listed = Dictionary(objects.map { ($0.name, $0) }) { first, _ in first }
            state.gone.formUnion(Set(state.objects.keys).subtracting(listed.keys))
            state.objects = listed
            state.isNew = true
        }
    }

    func take(_ event: FollowedEvent) {
        switch event {
        case .listed(let list): self.list(list.items)
        case .changed(.added(let object)), .changed(.modified(let object)):
            guard let read = Self.read(object) else { return }
            state.withLock { state in
                // A status that was written is no news.
                guard state.objects[read.name]?.generation != read.generation || read.generation == nil else { return }
                state.objects[read.name] = read
                state.isNew = true
            }
        case .changed(.deleted(let object)):
            guard let name = Self.name(object) else { return }
            state.withLock { state in
                state.objects[name] = nil
                state.gone.insert(name)
                state.isNew = true
            }
        case .changed(.bookmark): break
        }
    }

    func takeGone() -> Set<String> {
        state.withLock { state in
            defer { state.gone = [] }
            return state.gone
        }
    }

    func takeNews() -> [Policy]? {
        state.withLock { state in
            guard state.isNew else { return nil }
            state.isNew = false
            return state.objects.values.compactMap(\.policy).sorted { $0.name < $1.name }
        }
    }

    private static func name(_ object: DocumentValue) -> String? {
        guard let namespace = object["metadata"]?["namespace"]?.text, let name = object["metadata"]?["name"]?.text else { return nil }
        return "\(namespace)/\(name)"
    }

    private static func read(_ object: DocumentValue) -> PolicyObject? {
        name(object).map { parsePolicy(object: object, named: $0) }
    }
}
