import KubernetesTestSupport
import TestSupport
import Testing

/// What was recorded with real controllers at work, whose timing is not repeated: the shapes are.
@Suite("Shapes of what real controllers wrote", .enabled(if: SharedData.isPresent, "the recorded exchanges are not here"))
struct RecordedShapeTests {
    private func recorded(_ number: String) throws -> Transcript {
        try #require(try Transcript.all().first { $0.name.hasPrefix(number) })
    }

    /// Statuses of a Deployment as type, status and reason of its conditions.
    private func conditions(_ events: [JSONValue]) -> Set<String> {
        Set(
            events.flatMap { $0["object", "status", "conditions"]?.elements ?? [] }.map { condition in
                ["type", "status", "reason"].map { condition[$0]?.text ?? "" }.joined(separator: " ")
            })
    }

    private func events(of workload: TestWorkload, _ play: (TestWorkload) -> Void) -> [JSONValue] {
        let path = "/apis/apps/v1/namespaces/llm/deployments?watch=1&resourceVersion=\(workload.cluster.revision)"
        guard case .watch(let watch)? = workload.serve(TestWorkload.request("GET", path))?.body else { return [] }
        play(workload)
        workload.cluster.advanceRollouts()
        return watch.drain().compactMap { if case .event(let event) = $0 { event } else { nil } }
    }

    @Test("scaling, a rolling update and a deadline passed show the conditions and the fields that the real controller wrote")
    func rollouts() throws {
        let image: JSONValue = ["spec": ["template": ["spec": ["containers": [["name": "engine", "image": "vllm:2"]]]]]]
        let update = TestWorkload.request("PATCH", TestWorkload.path, image, type: "application/strategic-merge-patch+json")
        let scaled = events(of: TestWorkload()) { _ = $0.scale(to: 6) }
        let rolled = events(of: TestWorkload(replicas: 6)) { _ = $0.serve(update) }
        let stuck = events(of: TestWorkload(settled: false)) {
            $0.cluster.setPodBehaviour(.neverReady, of: "chat", namespace: "llm")
            $0.cluster.advanceRollouts()
            $0.cluster.advanceClock(bySeconds: 601)
        }
        for (number, own) in [("230", scaled), ("231", rolled), ("232", stuck)] {
            let real = try recorded(number).events
            #expect(conditions(own) == conditions(real), "\(number)")
            let fields = Set(own.flatMap { $0["object", "status"]?.members.keys.map(\.self) ?? [] })
            #expect(fields == Set(real.flatMap { $0["object", "status"]?.members.keys.map(\.self) ?? [] }), "\(number)")
        }
    }

    @Test(
        "a failing pod has the fields and the reason of a real one",
        arguments: [("233", PodBehaviour.crashLoop), ("234", .imagePullBackOff), ("235", .unschedulable)])
    func pods(number: String, behaviour: PodBehaviour) throws {
        let real = try #require(try recorded(number).response["body", "items"]?.elements.first?["status"])
        let workload = TestWorkload(settled: false)
        workload.cluster.setPodBehaviour(behaviour, of: "chat", namespace: "llm")
        workload.cluster.advanceRollouts()
        let own = try #require(workload.cluster.objects(.pods, namespace: "llm").first?["status"])
        #expect(Set(own.members.keys) == Set(real.members.keys))
        #expect(own["phase"] == real["phase"])
        let (mine, theirs) = (own["containerStatuses"]?.elements.first, real["containerStatuses"]?.elements.first)
        #expect(mine?["state"] == theirs?["state"])
        let states = [own, real].map { pod in
            (pod["conditions"]?.elements ?? []).map { "\($0["type"]?.text ?? "") \($0["status"]?.text ?? "") \($0["reason"]?.text ?? "")" }
        }
        #expect(states[0] == states[1])
    }

    @Test("a paused Deployment says so as the real one does")
    func paused() throws {
        let real = conditions([["object": try #require(try recorded("239").response["body"])]])
        let workload = TestWorkload()
        _ = workload.serve(TestWorkload.request("PATCH", TestWorkload.path, ["spec": ["paused": true]]))
        workload.cluster.advanceRollouts()
        #expect(conditions([["object": workload.deployment]]) == real)
    }

    @Test("a pod that runs is marked and answered when it is deleted, and goes on without grace")
    func gracefulDeletion() throws {
        let workload = TestWorkload()
        let name = try #require(workload.cluster.objects(.pods).first?["metadata", "name"]?.text)
        let path = ResourceType.pods.path(namespace: "llm", name: name)
        let marked = workload.serve(TestWorkload.request("DELETE", path))?.json
        #expect(marked?["kind"] == "Pod" && marked?["metadata", "deletionGracePeriodSeconds"] == 30)
        #expect(try recorded("207").response["body", "metadata", "deletionGracePeriodSeconds"] == 30)
        let options: JSONValue = ["gracePeriodSeconds": 0]
        #expect(workload.serve(TestWorkload.request("DELETE", path, options, type: "application/json"))?.json?["status"] == "Success")
    }

    @Test("a watch outlives its token, and one of a custom resource ends with its definition")
    func watches() throws {
        let workload = TestWorkload()
        let definition = try #require(try recorded("161").request["body"])
        workload.cluster.seed(definition)
        workload.cluster.seed([
            "apiVersion": "example.test/v1", "kind": "Widget", "metadata": ["name": "w", "namespace": "llm"], "spec": ["size": 5],
        ])
        let path = "/apis/example.test/v1/namespaces/llm/widgets?watch=1&resourceVersion=\(workload.cluster.revision)"
        guard case .watch(let watch)? = workload.serve(TestWorkload.request("GET", path))?.body else {
            Issue.record("no watch")
            return
        }
        workload.cluster.revoke(token: "secret")
        #expect(workload.serve(TestWorkload.request("GET"))?.status == 401)
        workload.cluster.answer(
            TestWorkload.request("DELETE", ResourceType.customResourceDefinitions.path(name: "widgets.example.test")))
        let signals = watch.drain()
        #expect(signals.count == 2 && signals.last == .end)
        if case .event(let event)? = signals.first { #expect(event["type"] == "DELETED") }
    }
}
