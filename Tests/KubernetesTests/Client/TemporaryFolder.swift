import FoundationEssentials

/// A folder that is gone when its owner is.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "kubernetes-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        // Leftovers in the temporary folder harm nobody.
        try? FileManager.default.removeItem(atPath: path)
    }

    /// - Returns: The file's path.
    @discardableResult
    func write(_ name: String, _ text: String, isExecutable: Bool = false) throws -> String {
        let file = path + "/" + name
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        if isExecutable { try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file) }
        return file
    }

    func read(_ name: String) throws -> String { try String(contentsOfFile: path + "/" + name, encoding: .utf8) }

    /// A kubeconfig of one cluster and one user.
    /// - Parameter user: What stands under `user:`, in the flow or block style, indented by four.
    func kubeconfig(_ name: String = "config", server: String, cluster: String = "", user: String) throws -> String {
        try write(
            name,
            """
            apiVersion: v1
            kind: Config
            current-context: here
            contexts:
            - name: here
              context: {cluster: c, user: u, namespace: llm}
            clusters:
            - name: c
              cluster:
                server: "\(server)"
                \(cluster)
            users:
            - name: u
              user:
                \(user)
            """)
    }
}
