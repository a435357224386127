internal import Documents
public import Policies

/// A policy file, read.
public struct PolicyParse: Sendable {
    /// As given to the parser; used in messages only.
    public let file: String
    /// In the order of the file; empty when the file has an error.
    public let policies: [Policy]
    /// All errors and warnings, in the order of the file.
    public let diagnostics: [Diagnostic]
    /// Where each policy's fields stand, for warnings that come later.
    let places: [PolicyPlaces]
    private let text: String

    public var isValid: Bool { !diagnostics.contains { $0.severity == .error } }

    /// The diagnostics as people read them, each with its line of the file and an underline.
    public var report: String { rendered(diagnostics) }

    /// Diagnostics of this file with its lines, such as those of ``lintTogether(_:)``.
    public func rendered(_ diagnostics: [Diagnostic]) -> String { SourceText(text).rendered(diagnostics) }

    init(file: String, text: String, policies: [Policy], places: [PolicyPlaces], diagnostics: [Diagnostic]) {
        self.file = file
        self.text = text
        self.policies = policies
        self.places = places
        self.diagnostics = diagnostics
    }
}

/// Reads a policy file of one or more documents. Never throws: whatever is wrong is a diagnostic with its place.
///
/// - Parameters:
///   - text: UTF-8, at most 1 MiB.
///   - file: How messages name the file.
public func parsePolicies(_ text: String, file: String) -> PolicyParse { parsePolicies(Array(text.utf8), file: file) }

/// Reads a policy file from its bytes, which need not be text.
public func parsePolicies(_ bytes: [UInt8], file: String) -> PolicyParse {
    let limit = DocumentLimits(bytes: 1 << 20, depth: 50, nodes: 100_000)
    let text = String(decoding: bytes.prefix(limit.bytes), as: UTF8.self)
    do {
        let documents = try bytes.withUnsafeBytes { try YAMLDocument.parseAll($0, limits: limit) }
        return parse(documents, file: file, text: text)
    } catch {
        return PolicyParse(file: file, text: text, policies: [], places: [], diagnostics: [Diagnostic(error, file: file)])
    }
}

private let mostDocuments = 100

private func parse(_ documents: [YAMLNode], file: String, text: String) -> PolicyParse {
    var checker = ShapeChecker(log: DiagnosticLog(file: file))
    if documents.isEmpty {
        checker.log.error(.start, "the file has no policy; it must have a mapping with apiVersion, kind, metadata and spec")
    }
    if documents.count > mostDocuments {
        checker.log.error(Place(documents[mostDocuments]), "more than \(mostDocuments) policies in one file")
    }
    var policies: [(policy: Policy, places: PolicyPlaces)] = []
    for document in documents.prefix(mostDocuments) {
        guard let root = checker.check(document, as: .object(PolicyShape.document), of: "policy")?.object else { continue }
        var builder = PolicyBuilder(log: checker.log, document: root)
        let policy = builder.policy()
        checker.log = builder.log
        if !policy.name.isEmpty, let first = policies.first(where: { $0.policy.name == policy.name }) {
            let place = root.object("metadata")?.place(of: "name") ?? root.place
            checker.log.error(place, "a second policy named '\(policy.name)'; the first is in line \(first.places.document.place.line)")
        }
        policies.append((policy, PolicyPlaces(document: root)))
    }
    if checker.log.hasErrors { return PolicyParse(file: file, text: text, policies: [], places: [], diagnostics: checker.log.report) }
    for (policy, places) in policies { PolicyLint(policy: policy, places: places).run(into: &checker.log) }
    return PolicyParse(
        file: file, text: text, policies: policies.map(\.policy), places: policies.map(\.places), diagnostics: checker.log.report)
}

extension Diagnostic {
    /// An error of the YAML itself.
    package init(_ error: any Error, file: String) {
        let place = error as? DocumentError
        self.init(
            severity: .error, file: file, line: place?.line ?? 1, column: place?.column ?? 1, message: place?.message ?? "\(error)")
    }
}

/// Finds the place of a field of a policy.
struct PolicyPlaces: Sendable {
    let document: ParsedObject

    enum Step {
        case key(String)
        case index(Int)
    }

    /// The place of a field under `spec`, or of the deepest part of the path that was written.
    func place(_ steps: Step...) -> Place { place(steps) }

    func place(_ steps: [Step]) -> Place {
        guard var current = document.entry("spec")?.value else { return document.place }
        var place = current.place
        for step in steps {
            switch step {
            case .key(let key):
                guard let entry = current.object?.entry(key) else { return place }
                place = entry.keyPlace
                current = entry.value
            case .index(let index):
                guard let list = current.list, list.indices.contains(index) else { return place }
                current = list[index]
                place = current.place
            }
        }
        return place
    }

    var name: Place { document.object("metadata")?.place(of: "name") ?? document.place }
}
