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
    private let known = KnownPolicies()
    private var told: [String: Told] = [:]
    private var lastReport: Timestamp?
    /// Between two looks at what there is to tell.
    private static let reportPause = Duration.seconds(2)

    private struct Told {
        var status: PolicyStatus
        var since: [String: (condition: PolicyStatus.Condition, since: Timestamp)]
    }

    private static let allNamespaces = "/apis/llm-devops.io/v1alpha1/optimizationpolicies"

    init(_ client: KubernetesClient) { self.client = client }

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
        lastReport = time
        let reports = Dictionary(status.compactMap { one in one.last.map { (one.policy.name, (one.policy, $0)) } }) { first, _ in first }
        for object in known.objects {
            let status: PolicyStatus
            if object.policy == nil {
                status = PolicyStatus(generation: object.generation ?? 0, problems: object.problems)
            } else if let (policy, report) = reports[object.name], policy == object.policy {
                status = PolicyStatus(generation: object.generation ?? 0, policy: policy, report: report)
            } else {
                continue
            }
            await tell(status, of: object.name, at: time)
        }
    }

    /// Writes a status where it differs from what was told last.
    private mutating func tell(_ status: PolicyStatus, of name: String, at time: Timestamp) async {
        let former = told[name]
        guard former?.status != status else { return }
        let parts = name.split(separator: "/").map(String.init)
        guard parts.count == 2 else { return }
        let path = "/apis/llm-devops.io/v1alpha1/namespaces/\(parts[0])/optimizationpolicies/\(parts[1])/status"
        do {
            _ = try await client.patch(path, .merge, status.patch(former: former?.since ?? [:], at: time))
        } catch {
            return  // It is told the next time something differs; the controller's work does not hang on it.
        }
        var since: [String: (condition: PolicyStatus.Condition, since: Timestamp)] = [:]
        for condition in status.conditions {
            let before = former?.since[condition.type].flatMap { $0.condition.holds == condition.holds ? $0.since : nil }
            since[condition.type] = (condition, before ?? time)
        }
        told[name] = Told(status: status, since: since)
    }
}

/// The policy objects as they were seen last.
private final class KnownPolicies: Sendable {
    private struct State {
        var objects: [String: PolicyObject] = [:]
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
            state.objects = Dictionary(objects.map { ($0.name, $0) }) { first, _ in first }
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
                state.isNew = true
            }
        case .changed(.bookmark): break
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
