import Control
import Documents
import FoundationEssentials
import Kubernetes
import KubernetesTestSupport
import Measurements
import Policies
import Synchronization

/// A workload in a fake cluster that is served over HTTP, and an adjuster that reaches it there.
final class TestTarget: Sendable {
    let cluster = FakeCluster(namespaces: ["llm"])
    let server: FakeAPIServer
    let target: Policy.KubernetesTarget
    let clock = TestClock()
    let type: ResourceType

    static let deployment = Policy.KubernetesTarget(namespace: "llm", apiVersion: "apps/v1", kind: "Deployment", name: "chat")

    /// - Parameters:
    ///   - container: Members of the container `vllm` in YAML's flow style.
    ///   - spec: Members of the spec.
    init(
        container: String = "args: [serve, --max-num-seqs=64]", spec: String = "replicas: 2", template: String = "labels: {app: chat}",
        target: Policy.KubernetesTarget = deployment, type: ResourceType = .deployments
    ) throws {
        self.target = target
        self.type = type
        cluster.register(Self.engines)
        cluster.setRolloutMode(.automatic)
        for name in ["one", "two"] { cluster.admit(FakeUser(name, rules: nil), token: name) }
        server = try FakeAPIServer(cluster)
        try seed(
            """
            {apiVersion: \(target.apiVersion), kind: \(target.kind), metadata: {name: chat, namespace: llm}, spec: {
              selector: {matchLabels: {app: chat}}, template: {metadata: {\(template)}, spec: {containers: [
                {name: proxy, image: proxy}, {name: vllm, image: v1\(container.isEmpty ? "" : ", " + container)}]}}, \(spec)}}
            """)
        cluster.advanceRollouts()
    }

    deinit { server.stop() }

    /// A custom resource with pods and a scale subresource.
    static let engines = ResourceType(
        group: "serving.example.com", version: "v1", plural: "engines", kind: "Engine",
        scale: ResourceType.ScalePaths(specReplicas: ["spec", "size"], statusReplicas: ["status", "size"], labelSelector: nil))

    func seed(_ yaml: String) throws { _ = cluster.seed(JSONValue(try YAMLDocument.parseAll(yaml)[0].value)) }

    /// - Parameter user: `one` or `two`.
    func adjuster(_ knobs: [Knob], user: String = "one", maximumAttempts: Int = 1) throws -> KubernetesAdjuster {
        let settings = KubernetesClientSettings(deadline: .seconds(5), maximumAttempts: maximumAttempts, seed: 1)
        let client = try KubernetesClient(try ClusterAccess(server: server.url, token: user), settings: settings)
        return try KubernetesAdjuster(target: target, knobs: knobs, client: client, clock: clock, backOff: { _ in })
    }

    var object: JSONValue? { cluster.object(type, namespace: "llm", name: "chat") }
    var spec: JSONValue? { object?["spec"] }
    func annotation(_ name: String) -> String? { object?["metadata", "annotations", name]?.text }
    func configMap(_ name: String) -> JSONValue? { cluster.object(.configMaps, namespace: "llm", name: name) }

    /// What somebody else writes.
    func edit(_ patch: String, path: String? = nil, type contentType: String = "application/merge-patch+json") {
        let path = path ?? type.path(namespace: "llm", name: "chat")
        cluster.answer(
            FakeRequest(
                "PATCH", path, headers: [.init("Content-Type", contentType), .init("User-Agent", "kubectl/1")], body: Array(patch.utf8)))
    }

    /// Somebody deletes the workload and makes it anew.
    func recreate() {
        guard var new = object else { return }
        cluster.answer(FakeRequest("DELETE", type.path(namespace: "llm", name: "chat")))
        for name in ["uid", "resourceVersion", "generation", "creationTimestamp", "managedFields"] { new["metadata", name] = nil }
        cluster.answer(FakeRequest("POST", type.path(namespace: "llm"), body: Array(new.json.utf8)))
    }

    /// Writes of this user that took effect.
    func writes(of user: String = "one") -> [WriteRecord] { cluster.writes.filter { $0.user == user } }
}

/// A clock that stands until it is turned.
final class TestClock: ControlClock {
    private let seconds = Mutex(0.0)

    var steady: Timestamp { Timestamp(secondsSinceEpoch: seconds.withLock { $0 }) }
    var wall: Timestamp { steady }

    func turn(bySeconds passed: Double) { seconds.withLock { $0 += passed } }
}

extension Knob {
    init(_ place: Place, values: [KnobValue] = [.integer(32), .integer(64), .integer(128)], assumed: KnobValue? = nil) {
        self.init(name: "knob", domain: .values(values), place: place, assumed: assumed, role: .other)
    }

    static let replicas = Knob(name: "replicas", domain: .range(min: 1, max: 8, step: 1), place: .replicas, role: .replicas)
    static let sequences = Knob(.containerArgument(container: "vllm", flag: "--max-num-seqs"))
}

extension ChangeOrder {
    init(
        _ knob: Knob, _ from: KnobValue, _ to: KnobValue, identity: String? = nil, fence: Int64 = 1,
        id: UUID = UUID(uuid: (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16))
    ) {
        self.init(
            adjustment: id, policy: "chat", direction: .forward, knob: knob, from: from, to: to, identity: identity,
            fence: FencingToken(rawValue: fence))
    }

    var back: ChangeOrder {
        var order = self
        order.direction = .back
        (order.from, order.to) = (to, from)
        return order
    }
}

/// The error of an attempt; `nil` where it succeeds.
func failure(_ attempt: () async throws(AdjusterError) -> Void) async -> AdjusterError? {
    do throws(AdjusterError) {
        try await attempt()
        return nil
    } catch {
        return error
    }
}
