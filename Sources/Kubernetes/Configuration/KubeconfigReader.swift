import Documents
import Transport

/// Reads what a cluster and a user of a kubeconfig mean.
struct KubeconfigReader {
    let cluster: Kubeconfig.Entry
    let user: Kubeconfig.Entry?

    func access(namespace: String, origin: String) throws(ConfigurationError) -> ClusterAccess {
        guard let server = cluster.body["server"]?.text else {
            throw ConfigurationError(cluster.place, "it has no server", cure: "add 'server: https://HOST:PORT'")
        }
        guard cluster.body["proxy-url"]?.text == nil else {
            throw ConfigurationError(
                cluster.place, "'proxy-url' is not supported", cure: "remove it and set HTTPS_PROXY in the environment instead")
        }
        var tls = try trust()
        tls.identity = try identity()
        return try ClusterAccess(
            server: server, tls: tls, namespace: namespace, impersonation: try impersonation(), credentials: try credentials(),
            origin: origin)
    }

    private func trust() throws(ConfigurationError) -> TLSSettings {
        let skips = cluster.body["insecure-skip-tls-verify"]?.boolean ?? false
        let authorities = try source("certificate-authority", of: cluster)
        guard !skips || authorities == nil else {
            throw ConfigurationError(
                cluster.place, "'insecure-skip-tls-verify' and 'certificate-authority' contradict each other",
                cure: "remove 'insecure-skip-tls-verify'")
        }
        return TLSSettings(
            authorities: authorities, serverName: cluster.body["tls-server-name"]?.text.flatMap { $0.isEmpty ? nil : $0 },
            insecureSkipVerify: skips)
    }

    private func identity() throws(ConfigurationError) -> TLSSettings.ClientIdentity? {
        guard let user else { return nil }
        let (certificate, key) = (try source("client-certificate", of: user), try source("client-key", of: user))
        guard let certificate, let key else {
            guard certificate == nil, key == nil else {
                let absent = key == nil ? "client-key" : "client-certificate"
                throw ConfigurationError(user.place, "it has no '\(absent)'", cure: "add '\(absent)' or '\(absent)-data'")
            }
            return nil
        }
        return TLSSettings.ClientIdentity(certificate: certificate, key: key)
    }

    /// What `KEY-data` holds, or else the file that `KEY` names.
    private func source(_ key: String, of entry: Kubeconfig.Entry) throws(ConfigurationError) -> TLSSettings.Source? {
        if let data = entry.body["\(key)-data"]?.text, !data.isEmpty {
            guard let bytes = Base64.decoded(data), !bytes.isEmpty else {
                throw ConfigurationError(entry.place, "'\(key)-data' is not base64", cure: "encode the PEM file with: base64 -w0")
            }
            return .memory(bytes)
        }
        guard let path = entry.body[key]?.text, !path.isEmpty else { return nil }
        let file = entry.resolved(path)
        _ = try SmallFile.bytes(file, limitBytes: 1 << 20, for: "\(entry.place): \(key)")
        return .file(file)
    }

    private func credentials() throws(ConfigurationError) -> Credentials {
        guard let user else { return .none }
        let body = user.body
        if body["auth-provider"]?.isNull == false {
            throw ConfigurationError(
                user.place, "'auth-provider' is no longer part of Kubernetes", cure: "use an 'exec' plugin of your provider")
        }
        let token = body["token"]?.text.flatMap { $0.isEmpty ? nil : $0 }
        if let token, !token.isHeaderValue {
            throw ConfigurationError(user.place, "'token' is not one line of printable characters", cure: "write the token alone")
        }
        if let path = body["tokenFile"]?.text, !path.isEmpty { return .tokenFile(path: user.resolved(path), fallback: token) }
        if let token { return .token(token) }
        if let name = body["username"]?.text, !name.isEmpty { return .password(user: name, password: body["password"]?.text ?? "") }
        guard let exec = body["exec"], !exec.isNull else { return .none }
        return .plugin(try plugin(exec, of: user))
    }

    private func plugin(_ exec: YAMLNode, of user: Kubeconfig.Entry) throws(ConfigurationError) -> ExecPlugin {
        let versions = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"]
        guard let version = exec["apiVersion"]?.text, versions.contains(version) else {
            throw ConfigurationError(
                user.place, "exec.apiVersion is none of \(versions.joined(separator: ", "))", cure: "write the one the plugin speaks")
        }
        guard let command = exec["command"]?.text, !command.isEmpty else {
            throw ConfigurationError(user.place, "exec has no command", cure: "add 'command: NAME'")
        }
        guard exec["interactiveMode"]?.text != "Always" else {
            throw ConfigurationError(
                user.place, "exec.interactiveMode is Always, and this program has no terminal", cure: "use credentials that need no person")
        }
        var plugin = ExecPlugin(
            command: command.contains("/") ? user.resolved(command) : command, apiVersion: version, place: user.place)
        plugin.arguments = exec["args"]?.texts ?? []
        plugin.environment = try variables(exec["env"], of: user)
        plugin.installHint = exec["installHint"]?.text
        if exec["provideClusterInfo"]?.boolean == true { plugin.clusterInfo = try clusterInfo() }
        return plugin
    }

    private func variables(_ list: YAMLNode?, of user: Kubeconfig.Entry) throws(ConfigurationError) -> [(name: String, value: String)] {
        guard let list, case .sequence(let elements) = list.content else { return [] }
        var variables: [(name: String, value: String)] = []
        for element in elements {
            guard let name = element["name"]?.text, !name.isEmpty, !name.contains("="), let value = element["value"]?.value.scalarText
            else {
                throw ConfigurationError(user.place, "exec.env has an entry without name and value", cure: "write '- {name: …, value: …}'")
            }
            variables.append((name, value))
        }
        return variables
    }

    /// `spec.cluster` of what a plugin is told.
    private func clusterInfo() throws(ConfigurationError) -> DocumentValue {
        let body = cluster.body
        var members: [DocumentValue.Member] = [.init(key: "server", value: .string(body["server"]?.text ?? ""))]
        if let name = body["tls-server-name"]?.text { members.append(.init(key: "tls-server-name", value: .string(name))) }
        if body["insecure-skip-tls-verify"]?.boolean == true {
            members.append(.init(key: "insecure-skip-tls-verify", value: .boolean(true)))
        }
        switch try source("certificate-authority", of: cluster) {
        case .memory(let bytes): members.append(.init(key: "certificate-authority-data", value: .string(Base64.encoded(bytes))))
        case .file(let path):
            let bytes = try SmallFile.bytes(path, limitBytes: 1 << 20, for: cluster.place)
            members.append(.init(key: "certificate-authority-data", value: .string(Base64.encoded(bytes))))
        case nil: break
        }
        if case .sequence(let extensions) = body["extensions"]?.content,
            let config = extensions.first(where: { $0["name"]?.text == "client.authentication.k8s.io/exec" })?["extension"]
        {
            members.append(.init(key: "config", value: config.value))
        }
        return .object(members)
    }

    private func impersonation() throws(ConfigurationError) -> Impersonation? {
        guard let user else { return nil }
        let groups = user.body["as-groups"]?.texts ?? []
        guard let name = user.body["as"]?.text, !name.isEmpty else {
            guard groups.isEmpty, user.body["as-uid"]?.text == nil else {
                throw ConfigurationError(user.place, "'as-groups' or 'as-uid' without 'as'", cure: "add 'as: USER'")
            }
            return nil
        }
        let impersonation = Impersonation(user: name, groups: groups, uid: user.body["as-uid"]?.text)
        guard impersonation.headers.allSatisfy({ $0.value.isHeaderValue }) else {
            throw ConfigurationError(user.place, "'as', 'as-groups' and 'as-uid' must be printable ASCII", cure: "correct them")
        }
        return impersonation
    }
}
