public import Control
public import Transport

extension CanaryPod {
    /// Where the pod serves its metrics, e.g. `http://10.244.0.7:8000/metrics`; `nil` before it has an address.
    /// - Parameters:
    ///   - port: `1...65535`.
    ///   - path: With its leading slash.
    public func metricsPage(port: Int, path: String = "/metrics") -> String? {
        address.map { address in "http://\(address.contains(":") ? "[\(address)]" : address):\(port)\(path)" }
    }
}

extension ScrapeSource {
    /// The pages of one group's pods, read one by one, so that nothing of another group gets in. Counting begins anew with each source, so
    /// a group whose pods were exchanged needs another one.
    /// - Parameter group: Those that do not count are left out.
    /// - Returns: `nil` where no pod of the group counts.
    public init?(
        name: String, group: [CanaryPod], port: Int, path: String = "/metrics", preset: EnginePreset, selector: [String: String] = [:],
        credential: ServerCredential = .none, transport: HTTPClient
    ) {
        let pages = group.filter(\.counts).compactMap { $0.metricsPage(port: port, path: path) }
        guard !pages.isEmpty else { return nil }
        self.init(
            name: name, urls: pages, preset: preset, selector: selector, credential: credential, transport: transport)
    }
}

extension PresetQueries {
    /// The same questions about one group's pods, by the label `pod` that Prometheus gives what it finds in a cluster.
    /// - Returns: `nil` where no pod of the group counts: a query about none would be one about others.
    public func limited(to group: [CanaryPod]) -> PresetQueries? {
        let names = group.filter(\.counts).map(\.name).sorted()
        guard !names.isEmpty else { return nil }
        var queries = self
        queries.pods = names
        return queries
    }
}
