import Control
import FoundationEssentials
import Kubernetes
import KubernetesTestSupport
import Policies
import Testing

@Suite("What a canary is refused for")
struct CanaryRefusalTests {
    static let reference = "{apiVersion: apps/v1, kind: Deployment, name: chat}"

    /// Refused, with words that name the reason, and nothing written.
    static func expectRefusal(
        _ words: String, _ world: CanaryWorld, _ order: CanaryOrder = CanaryWorld.order(), knobs: [Knob] = [CanaryWorld.knob],
        sort: String = "refused"
    ) async throws {
        let canary = try world.canary(knobs: knobs)
        let error = await failure { () throws(AdjusterError) in try await canary.prepare(order) }
        #expect(FaultTests.sort(error) == sort && error?.explanation.contains(words) == true, "\(String(describing: error))")
        #expect(world.world.writes().isEmpty)
    }

    @Test(
        "a target that cannot hold two groups, or would not keep them apart",
        arguments: [
            ("replicas: 3", "takes at least 4"), ("replicas: 4, strategy: {type: Recreate}", "Recreate"),
            ("replicas: 4, paused: true", "paused"),
        ])
    func unfit(spec: String, words: String) async throws {
        try await Self.expectRefusal(words, try CanaryWorld(spec: spec))
    }

    @Test("groups of more than a quarter, or of nobody", arguments: [0, 2, -1])
    func size(pods: Int) async throws {
        try await Self.expectRefusal("a quarter of the 4 replicas", try CanaryWorld(), CanaryWorld.order(pods: pods))
    }

    @Test("a label that is taken") func label() async throws {
        let world = try CanaryWorld(template: "labels: {app: chat, llm-devops.io/canary-group: mine}")
        try await Self.expectRefusal("llm-devops.io/canary-group", world)
    }

    @Test("a Deployment of another that has a group's name") func name() async throws {
        let world = try CanaryWorld()
        try world.world.seed(
            """
            {apiVersion: apps/v1, kind: Deployment, metadata: {name: chat-canary, namespace: llm}, spec: {selector: {matchLabels: {a: b}},
              template: {metadata: {labels: {a: b}}, spec: {containers: [{name: x, image: x}]}}}}
            """)
        try await Self.expectRefusal("already exists", world)
    }

    @Test("autoscalers, whatever they set", arguments: [0, 1, 2])
    func autoscalers(kind: Int) async throws {
        let world = try CanaryWorld()
        let seeds = [
            "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: auto, namespace: llm}, spec: {scaleTargetRef: \(Self.reference), maxReplicas: 4}}",
            "{apiVersion: keda.sh/v1alpha1, kind: ScaledObject, metadata: {name: auto, namespace: llm}, spec: {scaleTargetRef: {name: chat}}}",
            "{apiVersion: autoscaling.k8s.io/v1, kind: VerticalPodAutoscaler, metadata: {name: auto, namespace: llm}, spec: {targetRef: \(Self.reference)}}",
        ]
        try world.world.seed(seeds[kind])
        try await Self.expectRefusal("llm/auto is in charge", world)
    }

    @Test(
        "a disruption budget that lets no pod be missing; one that does is none",
        arguments: [
            ("minAvailable: 4", true), ("minAvailable: 100%", true), ("maxUnavailable: 0", true), ("minAvailable: 3", false),
            ("maxUnavailable: 10%", false), ("minAvailable: 76%", true), ("minAvailable: 75%", false),
        ])
    func budgets(spec: String, isRefused: Bool) async throws {
        let world = try CanaryWorld()
        try world.world.seed(
            "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: floor, namespace: llm}, spec: {selector: {matchExpressions: [{key: app, operator: In, values: [chat]}]}, \(spec)}}"
        )
        try world.world.seed(
            "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: other, namespace: llm}, spec: {selector: {matchLabels: {app: web}}, maxUnavailable: 0}}"
        )
        if isRefused { return try await Self.expectRefusal("PodDisruptionBudget llm/floor", world) }
        #expect(try await world.prepare(try world.canary()).isReady(.prepared))
    }

    @Test(
        "settings that single pods cannot have of their own",
        arguments: [
            Knob.replicas, Knob(.configMapKey(configMap: "config", key: "seqs")), Knob(.field(pointer: "/spec/replicas")),
        ])
    func knobs(knob: Knob) async throws {
        try await Self.expectRefusal("no group can have a value of its own", try CanaryWorld(), CanaryWorld.order(knob), knobs: [knob])
    }

    @Test("a change that is none, or that goes back")
    func direction() async throws {
        var same = CanaryWorld.order()
        same.change.to = same.change.from
        var back = CanaryWorld.order()
        back.change = back.change.back
        for order in [same, back] { try await Self.expectRefusal("tries a change forward", try CanaryWorld(), order) }
    }

    @Test("a value that is not the one it starts from, and one that the API server does not take")
    func values() async throws {
        let world = try CanaryWorld(container: "args: [serve, --max-num-seqs=32]")
        try await Self.expectRefusal("is 32", world, sort: "changedByAnother")
        let denied = try CanaryWorld()
        denied.cluster.inject(Fault(.admissionDenied("at most 100"), match: Fault.Match(verb: "create")))
        try await Self.expectRefusal("at most 100", denied)
    }

    @Test("a rollout that is not done, and another adjustment that is not finished, are waited for")
    func busy() async throws {
        let world = try CanaryWorld()
        let adjuster = try world.world.adjuster([CanaryWorld.knob])
        try await adjuster.apply(ChangeOrder(CanaryWorld.knob, .integer(64), .integer(32), id: UUID()))
        let order = CanaryWorld.order()
        let canary = try world.canary()
        let error = await failure { () throws(AdjusterError) in try await canary.prepare(order) }
        #expect(FaultTests.sort(error) == "conflict" && world.remains.deployments == ["chat"])
        let crashing = try CanaryWorld()
        crashing.cluster.setPodBehaviour(.crashLoop, of: "chat", namespace: "llm")
        crashing.edit(#"{"spec": {"template": {"metadata": {"annotations": {"a": "b"}}}}}"#, of: "chat")
        try await Self.expectRefusal("rollout", crashing, sort: "conflict")
    }

    @Test("rights that are missing are told before anything is written")
    func rights() async throws {
        let world = try CanaryWorld()
        let rules = [
            AccessRule(["get", "list", "patch"], group: "apps", ["*"]), AccessRule(["list"], group: "*", ["*"]),
        ]
        world.cluster.admit(FakeUser("limited", rules: rules), token: "limited")
        let canary = try world.canary(user: "limited")
        let error = await failure { () throws(AdjusterError) in try await canary.prepare(CanaryWorld.order()) }
        #expect(FaultTests.sort(error) == "refused" && error?.explanation.contains("create") == true, "\(String(describing: error))")
        #expect(world.world.writes(of: "limited").isEmpty)
    }

    @Test("a ReplicaSet or another kind has no canary") func kinds() async throws {
        let target = Policy.KubernetesTarget(namespace: "llm", apiVersion: "serving.example.com/v1", kind: "Engine", name: "chat")
        let world = try CanaryWorld(spec: "size: 4", target: target, type: TestTarget.engines)
        try await Self.expectRefusal("neither a Deployment nor a StatefulSet", world)
    }
}
