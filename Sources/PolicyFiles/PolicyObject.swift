public import Documents
public import Policies

/// An OptimizationPolicy of a cluster, read.
public struct PolicyObject: Sendable {
    /// `namespace/name`: the name of the policy and of everything that is kept of it.
    public let name: String
    /// Of the spec; `nil` where the object has none, as before it is sent.
    public let generation: Int64?
    public let annotations: [String: String]
    /// `nil` where the object has an error.
    public let policy: Policy?
    /// Errors and warnings in the order of the object; their lines are those of ``text``.
    public let diagnostics: [Diagnostic]
    /// One line each, with the field it is about: `spec.triggers[0].window: error: …`.
    public let problems: [String]
    /// The object as it was read, as YAML.
    public let text: String
}

/// Reads a policy from the JSON of its object in a cluster.
/// - Parameter name: `namespace/name`.
/// - Throws: `DocumentError` for what is no JSON.
public func parsePolicy(json bytes: [UInt8], named name: String) throws -> PolicyObject {
    let limits = DocumentLimits(bytes: 4 << 20, depth: 60, nodes: 200_000)
    return parsePolicy(object: try bytes.withUnsafeBytes { try JSONDocument.parse($0, limits: limits) }, named: name)
}

/// Reads a policy from its object in a cluster, with the errors a file gives, and those of ``ClusterRules``.
///
/// Of the metadata the name counts; the status is left out.
/// - Parameter name: `namespace/name`.
public func parsePolicy(object: DocumentValue, named name: String) -> PolicyObject {
    let metadata = SchemaText.object(
        [("name", .text(name.split(separator: "/").last.map(String.init) ?? ""))])
    let parts = ["apiVersion", "kind"].compactMap { key in object[key].map { (key, SchemaText($0)) } }
    let document = YAMLLines(.object(parts + [("metadata", metadata), ("spec", object["spec"].map { SchemaText($0) } ?? .null)]))
    let parse = parsePolicies(document.text, file: "optimizationpolicy/\(name)")
    var diagnostics = parse.diagnostics
    var policy = parse.policies.first
    policy?.name = name
    if let found = policy, let places = parse.places.first {
        var log = DiagnosticLog(file: parse.file)
        ClusterRules(namespace: String(name.prefix { $0 != "/" })).check(found, places, &log)
        diagnostics += log.report
        if log.hasErrors { policy = nil }
    }
    let annotations = object["metadata"]?["annotations"]?.members.compactMap { member in member.value.text.map { (member.key, $0) } } ?? []
    return PolicyObject(
        name: name, generation: object.integer("metadata", "generation"), annotations: Dictionary(annotations) { _, last in last },
        policy: policy, diagnostics: diagnostics, problems: diagnostics.map { $0.line(in: document) }, text: document.text)
}

extension Diagnostic {
    fileprivate func line(in document: YAMLLines) -> String {
        let path = document.paths.indices.contains(line - 1) ? document.paths[line - 1] : "object"
        return "\(path): \(severity.rawValue): \(message)" + (suggestion.map { "; did you mean '\($0)'?" } ?? "")
    }
}

/// What a policy of a cluster may not: its author may write policies in a namespace, and is not thereby trusted with what the controller may do.
struct ClusterRules {
    let namespace: String

    /// Where keys are mounted that policies may name.
    static let keyFolder = "/var/run/secrets/probe/"
    /// What environment variables must begin with that policies may name.
    static let keyPrefix = "PROBE_"

    func check(_ policy: Policy, _ places: PolicyPlaces, _ log: inout DiagnosticLog) {
        switch policy.target {
        case .kubernetes(let target) where target.namespace != namespace:
            log.error(
                places.place(.key("target"), .key("kubernetes"), .key("namespace")),
                "a policy in the namespace '\(namespace)' cannot change a workload in '\(target.namespace)'; put it there")
        case .command:
            log.error(places.place(.key("target"), .key("command")), "a policy of a cluster cannot run commands; use a file of --policies")
        case .kubernetes, .simulator, .none: break
        }
        for (index, source) in policy.monitor.sources.enumerated() {
            let place: [PolicyPlaces.Step] = [.key("monitor"), .key("sources"), .index(index)]
            switch source.kind {
            case .probe(let probe):
                check(file: probe.keyFromFile, environment: probe.keyFromEnvironment, place + [.key("probe")], places, &log)
            case .importFiles(let paths):
                guard let path = paths.first(where: { $0.hasPrefix("/") || Self.climbs($0) }) else { continue }
                log.error(
                    places.place(place + [.key("import"), .key("paths")]),
                    "'\(path.prefix(100))' leaves the controller's folder of results; write a path such as results/*.json")
            case .prometheus(let prometheus): check(prometheus.login, place + [.key("prometheus")], places, &log)
            case .scrape(let scrape): check(scrape.login, place + [.key("scrape")], places, &log)
            }
        }
    }

    private func check(_ login: Policy.Source.Login?, _ place: [PolicyPlaces.Step], _ places: PolicyPlaces, _ log: inout DiagnosticLog) {
        switch login?.place {
        case .file(let file): check(file: file, environment: nil, place, places, &log)
        case .environment(let name): check(file: nil, environment: name, place, places, &log)
        case nil: break
        }
    }

    private func check(
        file: String?, environment: String?, _ place: [PolicyPlaces.Step], _ places: PolicyPlaces, _ log: inout DiagnosticLog
    ) {
        if let file, !file.hasPrefix(Self.keyFolder) || Self.climbs(file) {
            log.error(
                places.place(place), "a secret must be a file in \(Self.keyFolder), where it cannot be the controller's own token")
        }
        if let environment, !environment.hasPrefix(Self.keyPrefix) {
            log.error(
                places.place(place),
                "a secret's environment variable must begin with \(Self.keyPrefix), as it could be any of the controller's otherwise")
        }
    }

    private static func climbs(_ path: String) -> Bool { path.split(separator: "/").contains("..") }
}
