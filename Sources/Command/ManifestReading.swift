import Documents
import Kubernetes
import Policies

/// Reads the manifest of a policy's target.
enum ManifestReading {
    /// - Returns: The workload of that file that is the policy's target.
    static func manifest(file: String, of policy: Policy) throws -> Manifest {
        guard case .kubernetes(let target) = policy.target else {
            throw CommandFailure("--manifest \(file): the target of policy \(policy.name) is no Kubernetes workload")
        }
        var found: [String] = []
        let items = try documents(file).flatMap { document in document["items"]?.elements ?? [document] }
        for item in items {
            guard let manifest = try? Manifest(item, beside: items) else { continue }  // A Service or another object beside the workload.
            if manifest.isManifest(of: target) { return manifest }
            found.append(manifest.title)
        }
        let others = found.isEmpty ? "no workload" : found.joined(separator: ", ")
        throw CommandFailure(
            "--manifest \(file): expected \(target.kind) \(target.namespace)/\(target.name), the target of policy \(policy.name); "
                + "found \(others)")
    }

    private static func documents(_ file: String) throws -> [DocumentValue] {
        do {
            let bytes = try FileContent.read(path: file, limitBytes: 16 << 20)
            return try bytes.withUnsafeBytes { try YAMLDocument.parseAll($0, limits: DocumentLimits(bytes: 16 << 20, nodes: 1_000_000)) }
                .map(\.value)
        } catch {
            throw CommandFailure("cannot read manifest \(file): \(error)")
        }
    }
}
