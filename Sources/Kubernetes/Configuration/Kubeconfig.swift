import Documents

/// The kubeconfig files of a user, merged as kubectl does: of each cluster, user and context the first file that has its name wins, whole.
public struct Kubeconfig: Sendable {
    /// An entry, and the file it is from.
    struct Entry: Sendable {
        let kind: String
        let name: String
        let body: YAMLNode
        let file: String

        var place: String { "\(file): \(kind) '\(name)'" }

        /// A path as it is meant: relative ones from the folder of the file.
        func resolved(_ path: String) -> String {
            guard !path.hasPrefix("/") else { return path }
            let folder = file.lastIndex(of: "/").map { file[...$0] } ?? "./"
            return folder + path
        }
    }

    private var clusters: [String: Entry] = [:]
    private var users: [String: Entry] = [:]
    private var contexts: [String: Entry] = [:]
    private var currentContext: String?
    private var files: [String] = []

    /// Reads files in their order.
    ///
    /// - Parameter paths: From `KUBECONFIG`; those that do not exist are left out.
    /// - Throws: `ConfigurationError` where none exists or one cannot be read.
    public init(files paths: [String]) throws(ConfigurationError) {
        for path in paths where !path.isEmpty && SmallFile.exists(path) {
            try merge(path)
            files.append(path)
        }
        guard !files.isEmpty else {
            throw ConfigurationError(
                paths.joined(separator: ":"), "there is no kubeconfig",
                cure: "set KUBECONFIG to the path of one, or run inside the cluster with a service account")
        }
    }

    /// Those `KUBECONFIG` names, separated by colons; `~/.kube/config` where it names none.
    public static func defaultFiles(environment: [String: String]) -> [String] {
        let named = (environment["KUBECONFIG"] ?? "").split(separator: ":").map(String.init)
        return named.isEmpty ? [(environment["HOME"] ?? "") + "/.kube/config"] : named
    }

    private mutating func merge(_ path: String) throws(ConfigurationError) {
        let bytes = try SmallFile.bytes(path, limitBytes: 1 << 20, for: path)
        let root: YAMLNode
        do {
            root = try bytes.withUnsafeBytes { try YAMLDocument.parse($0) }
        } catch let error as DocumentError {
            // The reader's own words could quote a line that holds a token.
            let line = error.line.map { " at line \($0)" } ?? ""
            throw ConfigurationError(path, "it is not readable as YAML\(line)", cure: "correct it, or write it anew")
        } catch {
            throw ConfigurationError(path, "it is not readable as YAML", cure: "correct it, or write it anew")
        }
        guard root.isNull || root.mapping != nil else {
            throw ConfigurationError(path, "expected a mapping", cure: "write a kubeconfig there")
        }
        if let name = root["current-context"]?.text, !name.isEmpty, currentContext == nil { currentContext = name }
        try Self.take("cluster", from: root["clusters"], of: path, into: &clusters)
        try Self.take("user", from: root["users"], of: path, into: &users)
        try Self.take("context", from: root["contexts"], of: path, into: &contexts)
    }

    private static func take(
        _ kind: String, from list: YAMLNode?, of file: String, into known: inout [String: Entry]
    ) throws(ConfigurationError) {
        guard let list, !list.isNull else { return }
        guard case .sequence(let elements) = list.content else {
            throw ConfigurationError(file, "expected '\(kind)s' to be a list", cure: "write each as '- name: …'")
        }
        var seen: Set<String> = []
        for element in elements {
            guard let name = element["name"]?.text, let body = element[kind] else {
                throw ConfigurationError(
                    "\(file):\(element.mark.line)", "expected a name and a \(kind)", cure: "write '- name: …' with '\(kind):' under it")
            }
            guard seen.insert(name).inserted else {
                throw ConfigurationError("\(file):\(element.mark.line)", "the \(kind) '\(name)' is there twice", cure: "remove one of them")
            }
            if known[name] == nil { known[name] = Entry(kind: kind, name: name, body: body, file: file) }
        }
    }

    /// The cluster, the user and the namespace of a context.
    /// - Parameter context: `nil` takes the current one.
    /// - Throws: `ConfigurationError` for every part that is lacking, contradictory or not supported.
    public func access(context: String? = nil) throws(ConfigurationError) -> ClusterAccess {
        let all = files.joined(separator: ":")
        guard let name = context ?? currentContext else {
            throw ConfigurationError(all, "no current-context", cure: "name one with --context: \(Self.names(contexts))")
        }
        guard let entry = contexts[name] else {
            throw ConfigurationError(all, "there is no context '\(name)'", cure: "use one of: \(Self.names(contexts))")
        }
        guard let clusterName = entry.body["cluster"]?.text, let cluster = clusters[clusterName] else {
            throw ConfigurationError(entry.place, "its cluster is not there", cure: "use one of: \(Self.names(clusters))")
        }
        var user: Entry?
        if let userName = entry.body["user"]?.text, !userName.isEmpty {
            guard let known = users[userName] else {
                throw ConfigurationError(entry.place, "its user '\(userName)' is not there", cure: "use one of: \(Self.names(users))")
            }
            user = known
        }
        let namespace = entry.body["namespace"]?.text.flatMap { $0.isEmpty ? nil : $0 } ?? "default"
        return try KubeconfigReader(cluster: cluster, user: user).access(namespace: namespace, origin: entry.place)
    }

    private static func names(_ entries: [String: Entry]) -> String {
        entries.isEmpty ? "(there is none)" : entries.keys.sorted().prefix(20).joined(separator: ", ")
    }
}

extension YAMLNode {
    /// The text of a scalar, plain or quoted; `nil` for nothing and everything else.
    var text: String? {
        guard case .scalar(let text, _) = content, !isNull else { return nil }
        return text
    }

    var boolean: Bool? { value.boolean }

    /// The scalars of a list.
    var texts: [String] {
        guard case .sequence(let elements) = content else { return [] }
        return elements.compactMap { element in
            if case .scalar(let text, _) = element.content { text } else { nil }
        }
    }
}
