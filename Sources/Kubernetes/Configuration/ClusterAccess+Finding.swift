import Transport

extension ClusterAccess {
    /// Where pods find their service account.
    public static let serviceAccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount"

    /// Access as the service account of the pod this runs in.
    /// - Throws: `ConfigurationError` where this is no pod, or its token or certificate is not there.
    public static func inCluster(
        environment: [String: String], folder: String = serviceAccountFolder
    ) throws(ConfigurationError) -> ClusterAccess {
        guard let host = environment["KUBERNETES_SERVICE_HOST"], let port = environment["KUBERNETES_SERVICE_PORT"], !host.isEmpty,
            UInt16(port) != nil
        else {
            throw ConfigurationError(
                "environment", "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set", cure: "run in a pod, or name a kubeconfig"
            )
        }
        let authorities = folder + "/ca.crt"
        _ = try SmallFile.bytes(authorities, limitBytes: 1 << 20, for: "service account")
        _ = try SmallFile.token(folder + "/token", for: "service account")
        let namespace = try? SmallFile.token(folder + "/namespace", for: "service account")  // A pod may be without it.
        return try ClusterAccess(
            server: "https://" + (host.contains(":") ? "[\(host)]" : host) + ":\(port)", tls: TLSSettings(authorities: .file(authorities)),
            namespace: namespace ?? "default", credentials: .tokenFile(path: folder + "/token", fallback: nil), origin: "service account")
    }

    /// Access as kubectl would find it, and as the pod's service account where there is no kubeconfig and this is a pod.
    /// - Parameter context: Of the kubeconfig; `nil` takes the current one.
    public static func found(environment: [String: String], context: String? = nil) throws(ConfigurationError) -> ClusterAccess {
        let files = Kubeconfig.defaultFiles(environment: environment)
        let isNamed = context != nil || environment["KUBECONFIG"]?.isEmpty == false
        if !isNamed, !files.contains(where: SmallFile.exists), environment["KUBERNETES_SERVICE_HOST"]?.isEmpty == false {
            return try inCluster(environment: environment)
        }
        return try Kubeconfig(files: files).access(context: context)
    }
}
