import KubernetesTestSupport
import Testing

@Suite("Server-side apply and who owns a field")
struct ApplyTests {
    private let applied = "application/apply-patch+yaml"

    private func apply(_ workload: TestWorkload, _ spec: JSONValue, by manager: String, force: Bool = false) -> FakeResponse? {
        workload.serve(
            TestWorkload.request(
                "PATCH", TestWorkload.path + "?fieldManager=\(manager)\(force ? "&force=true" : "")",
                ["apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": "chat"], "spec": spec], type: applied))
    }

    private func owners(_ workload: TestWorkload, of field: String...) -> [String] {
        (workload.deployment["metadata", "managedFields"]?.elements ?? []).filter {
            $0["fieldsV1"]?[(["f:spec"] + field.map { "f:" + $0 })[...]] != nil
        }.compactMap { $0["manager"]?.text }.sorted()
    }

    @Test("a value that another manager wrote is a conflict that names the manager and the field; the same value is shared")
    func conflict() {
        let workload = TestWorkload()
        let answer = apply(workload, ["replicas": 5], by: "optimizer")
        #expect(answer?.status == 409)
        let cause = answer?.json?["details", "causes"]?.elements.first
        #expect(
            cause == [
                "reason": "FieldManagerConflict", "message": "conflict with \"kubectl-create\" using apps/v1", "field": ".spec.replicas",
            ])
        #expect(apply(workload, ["replicas": 2], by: "optimizer")?.status == 200)
        #expect(owners(workload, of: "replicas") == ["kubectl-create", "optimizer"])
        #expect(apply(workload, ["replicas": 5], by: "optimizer", force: true)?.status == 200)
        #expect(owners(workload, of: "replicas") == ["optimizer"])
    }

    @Test("a container's variables are merged by name, and one that its manager no longer states goes")
    func containers() {
        let workload = TestWorkload()
        func template(_ names: [String]) -> JSONValue {
            let env = names.map { name -> JSONValue in ["name": .string(name), "value": "1"] }
            return ["template": ["spec": ["containers": [["name": "engine", "env": .array(env)]]]]]
        }
        #expect(apply(workload, template(["A", "B"]), by: "optimizer")?.status == 200)
        #expect(apply(workload, template(["C"]), by: "other")?.status == 200)
        #expect(apply(workload, template(["A"]), by: "optimizer")?.status == 200)
        let container = workload.deployment["spec", "template", "spec", "containers"]?.elements.first
        #expect(container?["env"]?.elements.compactMap { $0["name"]?.text } == ["A", "C"])
        #expect(container?["image"] == "vllm:1")
        let answer = apply(workload, ["template": ["spec": ["containers": [["name": "engine", "image": "vllm:2"]]]]], by: "optimizer")
        #expect(
            answer?.json?["details", "causes"]?.elements.first?["field"]?.text == ".spec.template.spec.containers[name=\"engine\"].image")
    }

    @Test("an update takes the field from whoever applied it; a scale at zero is nobody's")
    func update() {
        let workload = TestWorkload()
        _ = apply(workload, ["replicas": 5], by: "optimizer", force: true)
        _ = workload.serve(
            TestWorkload.request("PATCH", TestWorkload.path + "/scale", ["spec": ["replicas": 6]], agent: "kube-controller-manager/1"))
        #expect(owners(workload, of: "replicas") == ["kube-controller-manager"])
        _ = workload.scale(to: 0)
        #expect(owners(workload, of: "replicas") == [])
    }

    @Test("a custom resource's spec counts generations, its status does not, and a strategic merge is refused")
    func customResource() {
        let cluster = FakeCluster(namespaces: ["llm"])
        cluster.seed([
            "apiVersion": "llm-devops.io/v1alpha1", "kind": "OptimizationPolicy", "metadata": ["name": "p", "namespace": "llm"],
            "spec": ["a": 1],
        ])
        let path = ResourceType.optimizationPolicies.path(namespace: "llm", name: "p")
        let status = cluster.answer(TestWorkload.request("PATCH", path + "/status", ["spec": ["a": 3], "status": ["phase": "Learning"]]))
        #expect(status.json?["metadata", "generation"] == 1)
        #expect(status.json?["spec", "a"] == 1 && status.json?["status", "phase"] == "Learning")
        let spec = cluster.answer(TestWorkload.request("PATCH", path, ["spec": ["a": 2], "status": ["phase": "x"]]))
        #expect(spec.json?["metadata", "generation"] == 2)
        #expect(spec.json?["status", "phase"] == "Learning")
        #expect(cluster.answer(TestWorkload.request("PATCH", path, [:], type: "application/strategic-merge-patch+json")).status == 415)
        #expect(cluster.answer(TestWorkload.request("GET", path + "/scale")).status == 404)
    }
}
