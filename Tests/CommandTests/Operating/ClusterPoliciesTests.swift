import Foundation
import KubernetesTestSupport
import TestSupport
import Testing

/// The controller as it runs in a cluster: policies are objects, and its rights are those of the manifests.
@Suite("Operating from the objects of a cluster") struct ClusterPoliciesTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func run(_ cluster: OperatedCluster) throws -> OperatedProcess {
        try OperatedProcess(
            [
                "run", "--policies-from-cluster", "--leader-election", "--kubeconfig", cluster.kubeconfig, "--store",
                folder.path("store.sqlite"),
            ], environment: ["PROBE_KEY": "key-of-a-probe"], folder: folder)
    }

    @Test("a change is made, kept and told as events and conditions, with the rights of the manifests and no others")
    func wholeCourse() async throws {
        let target = try OperatedCluster(folder: folder, keys: ["key-of-a-probe"])
        try target.seed(target.policyObject("chat", probe: ", keyFromEnvironment: PROBE_KEY"))
        let controller = try run(target)
        #expect(await eventually { target.condition("Verified", of: "chat")?.status == "True" }, "\(controller.errors)")
        #expect(target.replicas == 2)
        #expect(target.condition("Ready", of: "chat")?.reason == "Running")
        #expect(await eventually { target.condition("Acting", of: "chat")?.status == "False" })
        let status = target.cluster.object(.optimizationPolicies, namespace: "llm", name: "chat")?["status"]
        #expect(status?["lastVerdict"]?.text == "improved" && status?["observedGeneration"]?.integer == 1)
        let events = target.events(of: "chat")
        for reason in ["TriggerFired", "AdjustmentApplied", "VerificationPassed"] {
            #expect(events.contains { $0.hasPrefix(reason + ": ") }, "\(reason) in \(events)")
        }
        #expect(events.contains { $0.hasPrefix("AdjustmentApplied: changed replicas from 1 to 2") })
        controller.signal(SIGTERM)
        #expect(await controller.status(within: .seconds(5)) == 0, "\(controller.errors)")
        let refused = target.cluster.requests.filter { $0.status == 401 || $0.status == 403 }
        #expect(refused.isEmpty, "the manifests do not allow: \(Set(refused.map { "\($0.method) \($0.target)" }))")
        let lease = target.cluster.object(.leases, namespace: "llm-auto-optimizer", name: "llm-auto-optimizer")
        #expect(lease?["spec", "holderIdentity"]?.text ?? "" == "", "the lease is given up: \(String(describing: lease))")
    }

    @Test("objects are followed as they come, change and go, and one with an error is told why it is not run")
    func followed() async throws {
        let target = try OperatedCluster(folder: folder)
        try target.seed(target.policyObject("broken", mode: "recommend", probe: ", keyFromEnvironment: HOME"))
        let controller = try run(target)
        #expect(await eventually { target.condition("Ready", of: "broken")?.status == "False" }, "\(controller.errors)")
        let why = try #require(target.condition("Ready", of: "broken"))
        #expect(why.reason == "Invalid")
        #expect(why.message.contains("spec.monitor.sources[0].probe") && why.message.contains("must begin with PROBE_"), "\(why)")
        #expect(target.engine.server.record.requests.isEmpty, "nothing of it is run")

        try target.seed(target.policyObject("later", mode: "recommend"))
        #expect(await eventually { target.condition("Ready", of: "later")?.status == "True" }, "\(controller.errors)")
        #expect(await eventually { target.events(of: "later").contains { $0.hasPrefix("RecommendationMade: ") } }, "\(controller.errors)")
        #expect(await eventually { target.condition("Limited", of: "later")?.reason == "ModeIsRecommend" }, "\(controller.errors)")

        let path = "/apis/llm-devops.io/v1alpha1/namespaces/llm/optimizationpolicies/broken"
        target.cluster.answer(
            FakeRequest(
                "PATCH", path, headers: [.init("Content-Type", "application/json-patch+json")],
                body: Array(#"[{"op":"remove","path":"/spec/monitor/sources/0/probe/keyFromEnvironment"}]"#.utf8)))
        #expect(await eventually { target.condition("Ready", of: "broken")?.status == "True" }, "\(controller.errors)")

        for name in ["broken", "later"] {
            target.cluster.answer(
                FakeRequest("DELETE", "/apis/llm-devops.io/v1alpha1/namespaces/llm/optimizationpolicies/\(name)"))
        }
        // Without a policy nobody probes: the count stands still for two seconds.
        var last = -1
        var since = ContinuousClock.now
        #expect(
            await eventually {
                let count = target.engine.server.record.requests.count
                if count != last { (last, since) = (count, .now) }
                return ContinuousClock.now - since > .seconds(2)
            }, "probes go on though their policies are gone")
        controller.signal(SIGTERM)
        #expect(await controller.status(within: .seconds(5)) == 0)
        #expect(target.replicas == 1)
    }
}
