import KubernetesTestSupport

/// A cluster with one Deployment, and the requests that tests send to it.
struct TestWorkload {
    static let path = "/apis/apps/v1/namespaces/llm/deployments/chat"
    let cluster = FakeCluster(namespaces: ["llm"])

    init(replicas: Int64 = 2, settled: Bool = true) {
        cluster.admit(.administrator, token: "secret")
        let labels: JSONValue = ["app": "chat"]
        cluster.seed([
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": "chat", "namespace": "llm"],
            "spec": [
                "replicas": .integer(replicas), "selector": ["matchLabels": labels],
                "template": ["metadata": ["labels": labels], "spec": ["containers": [["name": "engine", "image": "vllm:1"]]]],
            ],
        ])
        if settled { cluster.advanceRollouts() }
    }

    var deployment: JSONValue { cluster.object(.deployments, namespace: "llm", name: "chat") ?? .null }

    static func request(
        _ method: String, _ path: String = Self.path, _ body: JSONValue? = nil, type: String = "application/merge-patch+json",
        token: String = "secret", agent: String = "optimizer/1"
    ) -> FakeRequest {
        FakeRequest(
            method, path,
            headers: [.init("Content-Type", type), .init("Authorization", "Bearer " + token), .init("User-Agent", agent)],
            body: body.map { Array($0.json.utf8) } ?? [])
    }

    /// Sends a request past no fault; `nil` where the connection is cut.
    func serve(_ request: FakeRequest) -> FakeResponse? {
        switch cluster.serve(request) {
        case .response(let response), .cutInAnswer(let response): response
        case .cut: nil
        }
    }

    func scale(to replicas: Int64) -> FakeResponse? {
        serve(Self.request("PATCH", Self.path + "/scale", ["spec": ["replicas": .integer(replicas)]]))
    }

    func condition(_ type: String) -> JSONValue? { deployment["status", "conditions"]?.elements.first { $0["type"]?.text == type } }
}
