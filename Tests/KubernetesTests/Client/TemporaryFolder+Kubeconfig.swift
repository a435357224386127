import TestSupport

extension TemporaryFolder {
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
