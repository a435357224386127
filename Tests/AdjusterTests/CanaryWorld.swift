import Control
import Documents
import FoundationEssentials
import Kubernetes
import KubernetesTestSupport
import Policies

/// A target with replicas enough for a canary, in a fake cluster that plays its controllers when it is told to.
struct CanaryWorld {
    let world: TestTarget

    /// A vLLM server's most sequences, from 64 to 128.
    static let knob = Knob.sequences

    init(
        spec: String = "replicas: 4", template: String = "labels: {app: chat, tier: gpu}",
        container: String = "args: [serve, --max-num-seqs=64]", target: Policy.KubernetesTarget = TestTarget.deployment,
        type: ResourceType = .deployments
    ) throws {
        world = try TestTarget(container: container, spec: spec, template: template, target: target, type: type)
        world.cluster.register(
            ResourceType(group: "policy", version: "v1", plural: "poddisruptionbudgets", kind: "PodDisruptionBudget"))
    }

    static func statefulSet(spec: String = "replicas: 4, serviceName: chat") throws -> CanaryWorld {
        let target = Policy.KubernetesTarget(namespace: "llm", apiVersion: "apps/v1", kind: "StatefulSet", name: "chat")
        return try CanaryWorld(spec: spec, target: target, type: .statefulSets)
    }

    var cluster: FakeCluster { world.cluster }

    func canary(
        user: String = "one", knobs: [Knob] = [knob], leadership: any Leadership = AnyTerm()
    ) throws -> KubernetesCanary {
        KubernetesCanary(try world.adjuster(knobs, user: user), leadership: leadership)
    }

    static func order(
        _ knob: Knob = knob, pods: Int = 1, fence: Int64 = 1, id: UUID = ChangeOrder(knob, .integer(64), .integer(128)).adjustment
    ) -> CanaryOrder {
        CanaryOrder(change: ChangeOrder(knob, .integer(64), .integer(128), fence: fence, id: id), podsPerGroup: pods)
    }

    /// Repeats a verb, and lets the cluster's controllers work in between, until a stage is reached.
    /// - Returns: The last status; what a verb throws ends it.
    @discardableResult
    func reach(
        _ isReached: (CanaryStatus) -> Bool, _ canary: KubernetesCanary, _ verb: () async throws(AdjusterError) -> Void
    ) async throws(AdjusterError) -> CanaryStatus {
        var status = try await canary.status()
        for _ in 1...12 {
            try await verb()
            cluster.advanceRollouts()
            status = try await canary.status()
            if isReached(status) { break }
        }
        return status
    }

    @discardableResult
    func prepare(_ canary: KubernetesCanary, _ order: CanaryOrder = order()) async throws(AdjusterError) -> CanaryStatus {
        try await reach({ $0.isReady(.prepared) }, canary) { () throws(AdjusterError) in try await canary.prepare(order) }
    }

    @discardableResult
    func apply(_ canary: KubernetesCanary, _ order: CanaryOrder = order()) async throws(AdjusterError) -> CanaryStatus {
        try await reach({ $0.isReady(.applied) }, canary) { () throws(AdjusterError) in try await canary.apply(order) }
    }

    @discardableResult
    func promote(_ canary: KubernetesCanary, _ order: CanaryOrder = order()) async throws(AdjusterError) -> CanaryStatus {
        try await reach({ $0.mark?.stage == .promoted && $0.rollout == .settled }, canary) { () throws(AdjusterError) in
            try await canary.promote(order)
        }
    }

    @discardableResult
    func remove(
        _ canary: KubernetesCanary, _ experiment: UUID? = order().change.adjustment, fence: Int64 = 1
    ) async throws(AdjusterError) -> CanaryStatus {
        try await reach({ $0.isGone && $0.rollout == .settled }, canary) { () throws(AdjusterError) in
            try await canary.remove(experiment, fence: FencingToken(rawValue: fence))
        }
    }

    // MARK: What is in the cluster

    func deployment(_ name: String) -> JSONValue? { cluster.object(.deployments, namespace: "llm", name: name) }
    func edit(_ patch: String, of name: String) {
        world.edit(patch, path: ResourceType.deployments.path(namespace: "llm", name: name))
    }

    static func arguments(_ workload: JSONValue?) -> [String] {
        (workload?["spec", "template", "spec", "containers"]?.elements.last?["args"]?.elements ?? []).compactMap(\.text)
    }

    /// Everything that is to be the same in the end, whatever happened on the way.
    var remains: Remains {
        Remains(
            spec: world.spec, marks: world.object?["metadata", "annotations", "llm-devops.io/canary"],
            deployments: cluster.objects(.deployments, namespace: "llm").compactMap { $0["metadata", "name"]?.text },
            pods: cluster.objects(.pods, namespace: "llm").map { CanaryWorld.podArguments($0) })
    }

    private static func podArguments(_ pod: JSONValue) -> [String] {
        let group = pod["metadata", "labels", "llm-devops.io/canary-group"]?.text ?? "none"
        return [group] + (pod["spec", "containers"]?.elements.last?["args"]?.elements ?? []).compactMap(\.text)
    }

    struct Remains: Equatable {
        var spec: JSONValue?
        var marks: JSONValue?
        var deployments: [String]
        /// Group and arguments of each.
        var pods: [[String]]
    }
}

/// Leads in every term that is asked about, as the tests of fencing turn terms at the cluster.
struct AnyTerm: Leadership {
    var number: Int64 = 1

    func term() -> FencingToken? { FencingToken(rawValue: number) }
}
