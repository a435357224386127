import Documents
import Foundation
import KubernetesTestSupport
import TestSupport

/// A cluster with one engine in it, a controller that may do what `deploy/base/rbac.yaml` says, and its kubeconfig.
final class OperatedCluster: Sendable {
    let cluster = FakeCluster(namespaces: ["llm", "llm-auto-optimizer"])
    let api: FakeAPIServer
    let engine: OperatedEngine
    let kubeconfig: String

    /// - Parameters:
    ///   - rules: What the controller may do; those of the manifests unless told.
    ///   - plugin: Gets the token from an exec plugin instead of the kubeconfig.
    init(
        folder: TemporaryFolder, token: String = "token-of-a-controller", rules: [AccessRule]? = nil, keys: [String] = [],
        plugin: Bool = false, echoes: Bool = false, firstToken: @escaping @Sendable (Int) -> Int = { 300 / $0 }
    ) throws {
        cluster.setRolloutMode(.automatic)
        cluster.admit(FakeUser("controller", rules: try rules ?? Self.deployedRules()), token: token)
        api = try FakeAPIServer(cluster)
        let cluster = cluster
        engine = try OperatedEngine(
            folder: folder, keys: keys, echoes: echoes, replicas: { Self.replicas(in: cluster) }, firstToken: firstToken)
        let user: String
        if plugin {
            let credential =
                #"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"\#(token)"}}"#
            _ = try folder.write("echo '\(credential)'\n", to: "credential.sh")
            user =
                "exec: {apiVersion: client.authentication.k8s.io/v1, command: /bin/sh, args: ['\(folder.path("credential.sh"))'], interactiveMode: Never}"
        } else {
            user = "token: \(token)"
        }
        kubeconfig = try folder.write(
            """
            apiVersion: v1
            kind: Config
            current-context: here
            contexts: [{name: here, context: {cluster: fake, user: controller, namespace: llm-auto-optimizer}}]
            clusters: [{name: fake, cluster: {server: "\(api.url)"}}]
            users: [{name: controller, user: {\(user)}}]
            """, to: "kubeconfig")
        try seed(
            """
            {apiVersion: apps/v1, kind: Deployment, metadata: {name: chat, namespace: llm}, spec: {replicas: 1, selector: {matchLabels: {app: chat}},
              template: {metadata: {labels: {app: chat}}, spec: {containers: [{name: vllm, image: v1, env: [{name: HF_TOKEN, value: secret-of-a-pod}]}]}}}}
            """)
        cluster.advanceRollouts()
    }

    deinit { stop() }

    func stop() {
        engine.stop()
        api.stop()
    }

    static let target = "kubernetes: {namespace: llm, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: chat}}"

    @discardableResult
    func seed(_ yaml: String) throws -> JSONValue { cluster.seed(JSONValue(try YAMLDocument.parseAll(yaml)[0].value)) }

    /// A policy as an object of the namespace.
    func policyObject(_ name: String, mode: String = "auto", probe: String = "") -> String {
        engine.policy(name, mode: mode, target: Self.target, probe: probe)
            .replacing("metadata: {name: \(name)}", with: "metadata: {name: \(name), namespace: llm}")
    }

    private static func replicas(in cluster: FakeCluster) -> Int? {
        (cluster.object(.deployments, namespace: "llm", name: "chat")?["spec", "replicas"]?.integer).map { Int($0) }
    }

    var replicas: Int? { Self.replicas(in: cluster) }

    /// A condition of a policy's status: `True`, `False` or `Unknown`, its reason and its message.
    func condition(_ type: String, of policy: String) -> (status: String, reason: String, message: String)? {
        let conditions = cluster.object(.optimizationPolicies, namespace: "llm", name: policy)?["status", "conditions"]?.elements ?? []
        guard let found = conditions.first(where: { $0["type"]?.text == type }) else { return nil }
        return (found["status"]?.text ?? "", found["reason"]?.text ?? "", found["message"]?.text ?? "")
    }

    /// Reasons and messages of the events on a policy.
    func events(of policy: String) -> [String] {
        cluster.objects(.coreEvents, namespace: "llm").filter { $0["involvedObject", "name"]?.text == policy }
            .map { "\($0["reason"]?.text ?? ""): \($0["message"]?.text ?? "")" }
    }

    /// The rules of the manifests, as the API server reads them.
    static func deployedRules() throws -> [AccessRule] {
        let file = CommandLineRun.repository.appending(path: "deploy/base/rbac.yaml")
        let objects = try YAMLDocument.parseAll(try String(contentsOf: file, encoding: .utf8)).map { JSONValue($0) }
        return objects.flatMap { object in
            (object["rules"]?.elements ?? []).flatMap { rule -> [AccessRule] in
                let words = { (name: String) in (rule[name]?.elements ?? []).compactMap(\.text) }
                return words("apiGroups").map {
                    AccessRule(
                        words("verbs"), group: $0, words("resources"),
                        namespace: object["kind"]?.text == "Role" ? "llm-auto-optimizer" : nil, names: words("resourceNames"))
                }
            }
        }
    }
}
