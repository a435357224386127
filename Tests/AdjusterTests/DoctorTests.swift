import Control
import Kubernetes
import KubernetesTestSupport
import Policies
import Testing

@Suite("The doctor of a Kubernetes target")
struct DoctorTests {
    static func examine(
        _ target: TestTarget, _ knobs: [Knob] = [.replicas, .sequences], user: String = "one"
    ) async throws -> [KubernetesDoctor.Check] {
        await KubernetesDoctor(try target.adjuster(knobs, user: user)).examine()
    }

    static func check(_ name: String, _ checks: [KubernetesDoctor.Check]) -> KubernetesDoctor.Check? { checks.first { $0.name == name } }

    @Test("finds nothing wrong with a target that is fine, and writes nothing")
    func healthy() async throws {
        let target = try TestTarget()
        let checks = try await Self.examine(target)
        #expect(checks.allSatisfy { $0.outcome == .ok && $0.cure == nil }, "\(checks.filter { $0.outcome != .ok })")
        #expect(target.writes().isEmpty)
        for name in [
            "API server", "target", "right to patch deployments/scale chat", "value of knob", "dry run of replicas",
            "other controllers of knob", "rollout",
        ] {
            #expect(Self.check(name, checks) != nil, "\(name) was not looked at")
        }
        #expect(Self.check("API server", checks)?.explanation.contains("v1.") == true)
    }

    @Test("whether a canary is possible is told, and is no fault where it is not")
    func canary() async throws {
        let small = Self.check("canary of knob", try await Self.examine(try TestTarget()))
        #expect(small?.outcome == .ok && small?.explanation.contains("2 replicas") == true)
        let world = try CanaryWorld()
        let large = Self.check("canary of knob", try await Self.examine(world.world))
        #expect(large?.explanation == "possible, with two groups of 1 of the 4 replicas")
        #expect(world.world.writes().isEmpty)
    }

    @Test("a missing right is told with the rule that grants it")
    func missingRight() async throws {
        let target = try TestTarget()
        let rules = [
            AccessRule(["get", "list"], group: "", ["*"]), AccessRule(["get", "list"], group: "apps", ["*"]),
            AccessRule(["get", "list"], group: "autoscaling", ["*"]), AccessRule(["patch"], group: "apps", ["deployments"]),
            AccessRule(["create"], group: "authorization.k8s.io", ["*"]),
        ]
        target.cluster.admit(FakeUser("limited", rules: rules), token: "limited")
        let checks = try await Self.examine(target, user: "limited")
        let scale = Self.check("right to patch deployments/scale chat", checks)
        #expect(scale?.outcome == .failed)
        #expect(
            scale?.cure
                == #"Add to a Role in namespace llm: {apiGroups: ["apps"], resources: [deployments/scale], resourceNames: [chat], verbs: [patch]}"#
        )
        #expect(Self.check("dry run of replicas", checks)?.outcome == .failed)
        #expect(Self.check("dry run of knob", checks)?.outcome == .ok)
        // The cluster has these types, so that who may not list them cannot know whether somebody else scales the target.
        #expect(Self.check("right to list scaledobjects", checks)?.outcome == .failed)
        #expect(Self.check("other controllers", checks)?.outcome == .failed)
    }

    @Test("an autoscaler is a failure, a tool that applies the field a warning, both by name")
    func others() async throws {
        let target = try TestTarget()
        try target.seed(
            "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: auto, namespace: llm}, spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: chat}, maxReplicas: 4}}"
        )
        let applied =
            #"{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "chat"}, "spec": {"template": {"spec": {"containers": [{"name": "vllm", "args": ["serve", "--max-num-seqs=64"]}]}}}}"#
        target.edit(
            applied, path: "/apis/apps/v1/namespaces/llm/deployments/chat?fieldManager=argocd-controller&force=true",
            type: "application/apply-patch+yaml")
        let checks = try await Self.examine(target)
        let scaled = Self.check("other controllers of replicas", checks)
        #expect(scaled?.outcome == .failed && scaled?.explanation.contains("HorizontalPodAutoscaler llm/auto") == true)
        let tool = Self.check("other controllers of knob", checks)
        #expect(tool?.outcome == .warning && tool?.explanation.contains("argocd-controller") == true, "\(String(describing: tool))")
    }

    @Test("a target that is not there ends the examination, with what to check")
    func noTarget() async throws {
        let target = try TestTarget()
        target.cluster.answer(FakeRequest("DELETE", "/apis/apps/v1/namespaces/llm/deployments/chat"))
        let checks = try await Self.examine(target)
        #expect(checks.last?.name == "target" && checks.last?.outcome == .failed && checks.last?.cure != nil)
    }

    @Test("a server that does not answer is all there is to say")
    func noServer() async throws {
        let target = try TestTarget()
        target.server.stop()
        let checks = try await Self.examine(target)
        #expect(checks.map(\.outcome) == [.failed] && checks[0].cure != nil)
    }

    @Test("a value that cannot be read, a refused dry run and a failing rollout are failures")
    func troubles() async throws {
        let target = try TestTarget(container: "args: [serve]")
        target.cluster.setPodBehaviour(.crashLoop, of: "chat", namespace: "llm")
        target.edit(#"{"spec": {"template": {"metadata": {"annotations": {"a": "b"}}}}}"#)
        target.cluster.inject(Fault(.admissionDenied("at most 2"), match: Fault.Match(verb: "patch", subresource: "scale")))
        let checks = try await Self.examine(target)
        #expect(Self.check("value of knob", checks)?.outcome == .failed)
        #expect(Self.check("dry run of replicas", checks)?.explanation.contains("at most 2") == true)
        let rollout = Self.check("rollout", checks)
        #expect(rollout?.outcome == .failed && rollout?.explanation.contains("CrashLoopBackOff") == true, "\(String(describing: rollout))")
    }
}
