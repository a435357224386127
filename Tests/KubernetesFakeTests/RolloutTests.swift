import KubernetesTestSupport
import Testing

@Suite("Rollouts")
struct RolloutTests {
    @Test("a scaled Deployment is first not observed, then short of pods, then complete")
    func scaling() {
        let workload = TestWorkload()
        _ = workload.scale(to: 6)
        #expect(workload.deployment["metadata", "generation"] == 2)
        #expect(workload.deployment["status", "observedGeneration"] == 1)
        workload.cluster.advanceRollouts(steps: 2)
        #expect(workload.deployment["status", "unavailableReplicas"] == 4)
        #expect(workload.condition("Available")?["status"] == "False")
        #expect(workload.condition("Progressing")?["reason"] == "NewReplicaSetAvailable")
        workload.cluster.advanceRollouts()
        #expect(workload.deployment["status", "readyReplicas"] == 6)
        #expect(workload.deployment["status", "unavailableReplicas"] == nil)
        #expect(workload.cluster.objects(.pods, namespace: "llm").count == 6)
    }

    @Test("a rolling update never has fewer ready pods than maxUnavailable allows, nor more pods than maxSurge does")
    func rollingUpdate() {
        let workload = TestWorkload(replicas: 8)
        let watch = watch(workload)
        let image: JSONValue = ["spec": ["template": ["spec": ["containers": [["name": "engine", "image": "vllm:2"]]]]]]
        _ = workload.serve(TestWorkload.request("PATCH", TestWorkload.path, image, type: "application/strategic-merge-patch+json"))
        workload.cluster.advanceRollouts()
        let statuses = statuses(watch)
        #expect(statuses.allSatisfy { ($0["availableReplicas"]?.integer ?? 0) >= 6 && ($0["replicas"]?.integer ?? 0) <= 10 })
        #expect(statuses.contains { ($0["updatedReplicas"]?.integer ?? 0) < 8 && $0["observedGeneration"] == 2 })
        #expect(workload.deployment["status", "updatedReplicas"] == 8)
        #expect(workload.deployment["metadata", "annotations", "deployment.kubernetes.io/revision"] == "2")
        let images = workload.cluster.objects(.pods).compactMap { $0["spec", "containers"]?.elements.first?["image"]?.text }
        #expect(Set(images) == ["vllm:2"])
    }

    @Test("pods that never get ready pass the progress deadline")
    func deadline() {
        let workload = TestWorkload()
        workload.cluster.setPodBehaviour(.crashLoop, of: "chat", namespace: "llm")
        let image: JSONValue = [
            "spec": ["progressDeadlineSeconds": 6, "template": ["spec": ["containers": [["name": "engine", "image": "bad"]]]]]
        ]
        _ = workload.serve(TestWorkload.request("PATCH", TestWorkload.path, image, type: "application/strategic-merge-patch+json"))
        workload.cluster.advanceRollouts()
        #expect(workload.condition("Progressing")?["reason"] == "ReplicaSetUpdated")
        workload.cluster.advanceClock(bySeconds: 7)
        workload.cluster.advanceRollouts()
        #expect(workload.condition("Progressing")?["reason"] == "ProgressDeadlineExceeded")
        #expect(workload.condition("Progressing")?["status"] == "False")
        #expect(workload.deployment["status", "availableReplicas"] == 2)
    }

    @Test(
        "pods that fail say why, where a real one does",
        arguments: [
            (PodBehaviour.crashLoop, "Running", "CrashLoopBackOff"), (.imagePullBackOff, "Pending", "ImagePullBackOff"),
            (.unschedulable, "Pending", "Unschedulable"), (.neverReady, "Running", ""),
        ])
    func pods(behaviour: PodBehaviour, phase: String, reason: String) throws {
        let workload = TestWorkload(settled: false)
        workload.cluster.setPodBehaviour(behaviour, of: "chat", namespace: "llm")
        workload.cluster.advanceRollouts()
        let pod = try #require(workload.cluster.objects(.pods, namespace: "llm").first)
        #expect(pod["status", "phase"]?.text == phase)
        let waiting = pod["status", "containerStatuses"]?.elements.first?["state", "waiting", "reason"]?.text
        let unscheduled = pod["status", "conditions"]?.elements.first { $0["type"] == "PodScheduled" }?["reason"]?.text
        #expect((waiting ?? unscheduled ?? "") == reason)
        #expect(workload.deployment["status", "readyReplicas"] == nil)
    }

    @Test("a paused Deployment takes no new template, and says so")
    func paused() {
        let workload = TestWorkload()
        _ = workload.serve(
            TestWorkload.request(
                "PATCH", TestWorkload.path, ["spec": ["paused": true, "template": ["metadata": ["annotations": ["a": "1"]]]]]))
        workload.cluster.advanceRollouts()
        #expect(workload.condition("Progressing")?["reason"] == "DeploymentPaused")
        #expect(workload.condition("Progressing")?["status"] == "Unknown")
        #expect(workload.cluster.objects(.pods).allSatisfy { $0["metadata", "annotations", "a"] == nil })
    }

    @Test("in automatic mode a write is rolled out at once; a deleted Deployment takes its pods along")
    func automatic() {
        let workload = TestWorkload()
        workload.cluster.setRolloutMode(.automatic)
        _ = workload.scale(to: 0)
        #expect(workload.deployment["status", "replicas"] == nil)
        #expect(workload.cluster.objects(.pods).isEmpty)
        _ = workload.scale(to: 3)
        #expect(workload.deployment["status", "readyReplicas"] == 3)
        _ = workload.serve(TestWorkload.request("DELETE"))
        #expect(workload.cluster.objects(.pods).isEmpty)
    }

    private func watch(_ workload: TestWorkload) -> FakeWatch? {
        let path = "/apis/apps/v1/namespaces/llm/deployments?watch=1&resourceVersion=\(workload.cluster.revision)"
        guard case .watch(let watch)? = workload.serve(TestWorkload.request("GET", path))?.body else { return nil }
        return watch
    }

    private func statuses(_ watch: FakeWatch?) -> [JSONValue] {
        (watch?.drain() ?? []).compactMap { if case .event(let event) = $0 { event["object", "status"] } else { nil } }
    }
}
