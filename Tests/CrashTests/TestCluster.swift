import ControllerHelper
import Documents
import Foundation
import KubernetesTestSupport

/// The Deployment of a ground in a fake cluster that is served over HTTP.
final class TestCluster: Sendable {
    let cluster = FakeCluster(namespaces: ["llm"])
    let server: FakeAPIServer
    private let type: ResourceType
    static let mark = "llm-devops.io/adjustment"
    static let fence = "llm-devops.io/fence"

    /// - Parameter type: Of the target.
    init(_ manifest: String = Ground.manifest(), type: ResourceType = .deployments) throws {
        self.type = type
        cluster.setRolloutMode(.automatic)
        for name in ["one", "two", "engine"] { cluster.admit(FakeUser(name, rules: nil), token: name) }
        server = try FakeAPIServer(cluster)
        try seed(manifest)
        cluster.advanceRollouts()
    }

    func seed(_ yaml: String) throws { _ = cluster.seed(JSONValue(try YAMLDocument.parseAll(yaml)[0].value)) }

    deinit { server.stop() }

    /// Deployments beside the target.
    var groups: [String] {
        cluster.objects(.deployments).compactMap { $0["metadata", "name"]?.text }.filter { $0 != "chat" }.sorted()
    }

    var object: JSONValue? { cluster.object(type, namespace: "llm", name: "chat") }

    /// The update partition; 0 where there is none.
    var partition: Int { Int(object?["spec", "updateStrategy", "rollingUpdate", "partition"]?.integer ?? 0) }

    func annotation(_ name: String) -> String? { object?["metadata", "annotations", name]?.text }

    /// Bytes of everything that a change must leave as it was: the spec, labels and annotations.
    var settings: String {
        var object = object
        // Rollouts count up: a template that is taken back is a new revision.
        object?["metadata", "annotations", "deployment.kubernetes.io/revision"] = nil
        return [object?["spec"], object?["metadata", "labels"], object?["metadata", "annotations"]].map { $0?.json ?? "-" }.joined(
            separator: "\n")
    }

    /// The value of a knob as the pods get it.
    func value(_ kind: Ground.KnobKind) -> Int? { object.flatMap { Self.value(kind, of: $0) } }

    static func value(_ kind: Ground.KnobKind, of object: JSONValue) -> Int? {
        switch kind {
        case .replicas: return object["spec", "replicas"]?.integer.map { Int($0) }
        case .argument, .canary, .partition:
            let arguments = object["spec", "template", "spec", "containers"]?.elements.first { $0["name"] == "vllm" }?["args"]?.elements
            let flag = arguments?.compactMap(\.text).first { $0.hasPrefix("--max-num-seqs=") }
            return flag.flatMap { Int($0.dropFirst("--max-num-seqs=".count)) }
        }
    }

    /// Writes that changed the value of the knob, as before and after.
    func valueWrites(_ kind: Ground.KnobKind) -> [(before: Int, after: Int, record: WriteRecord)] {
        cluster.writes.compactMap { write in
            guard write.resource == "\(type.plural).apps", write.name == "chat",
                let before = write.before.flatMap({ Self.value(kind, of: $0) }),
                let after = Self.value(kind, of: write.after), before != after
            else { return nil }
            return (before, after, write)
        }
    }

    /// What somebody else writes.
    func edit(
        _ patch: String, path: String? = nil, type: String = "application/merge-patch+json"
    ) {
        cluster.answer(
            FakeRequest(
                "PATCH", path ?? self.type.path(namespace: "llm", name: "chat"),
                headers: [.init("Content-Type", type), .init("User-Agent", "kubectl/1")], body: Array(patch.utf8)))
    }

    /// Somebody else sets the container's argument.
    func setArgument(_ value: Int) {
        edit(
            #"[{"op": "replace", "path": "/spec/template/spec/containers/1/args/1", "value": "--max-num-seqs=\#(value)"}]"#,
            type: "application/json-patch+json")
    }
}

/// A folder that goes with the test.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "crash-\(UUID().uuidString)").path()
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }  // What stays is the system's to tidy.
}
