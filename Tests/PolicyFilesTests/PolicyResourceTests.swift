import Documents
import Foundation
import TestSupport
import Testing

@testable import PolicyFiles

@Suite struct PolicyResourceTests {
    static let file = RepositoryFiles.policies.deletingLastPathComponent().appending(path: "deploy/base/crd.yaml")

    @Test("the definition in the folder of manifests is the one the parser's tables give")
    func current() throws {
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
            try Data(PolicyResourceDefinition.text.utf8).write(to: Self.file)
            Issue.record("rewrote \(Self.file.lastPathComponent); read the difference and run again")
            return
        }
        #expect(try String(contentsOf: Self.file, encoding: .utf8) == PolicyResourceDefinition.text)
    }

    static func definition() throws -> DocumentValue { try #require(try YAMLDocument.parseAll(PolicyResourceDefinition.text).first).value }

    static func schema() throws -> DocumentValue {
        try #require(try definition()["spec"]?["versions"]?.elements.first?["schema"]?["openAPIV3Schema"])
    }

    @Test("what the API server demands of a structural schema holds at every node")
    func structural() throws {
        var seen = 0
        try StructuralRules.check(try Self.schema(), "", isRoot: true) { problem in
            Issue.record("\(problem)")
        } count: {
            seen += 1
        }
        #expect(seen > 300)
        #expect(PolicyResourceDefinition.text.utf8.count < 400_000, "an object of etcd holds 1.5 MiB")
    }

    @Test("every field of the policy's own tables is in it, except those that a cluster must not have")
    func complete() throws {
        let spec = try #require(try Self.schema()["properties"]?["spec"]?["properties"])
        #expect(spec.members.map(\.key) == PolicyShape.spec.fields.map(\.name))
        #expect(spec["target"]?["properties"]?.members.map(\.key) == ["kubernetes", "simulator"])
        let when = try #require(spec["triggers"]?["items"]?["properties"]?["when"])
        #expect(when["properties"]?.members.count == ConditionShape.table.fields.count)
        #expect(when["properties"]?["and"]?["items"]?["properties"]?["or"]?["items"]?.text("type") == "object")
    }

    /// Damage that the schema sees, on the whole policy of the parser's tests.
    static let seen = [
        ("interval: 15s", "interval: 15"), ("mode: recommend", "mode: automatic"), ("errorRate: 1%", "errorRate: 5"),
        ("errorRate: 1%", "errorRate: x"),
        ("cooldown: 10m", "cool_down: 10m"), ("min: 1, max: 8", "min: one, max: 8"),
        ("rate: 0.2/s", "rate: 0.2"),
        ("minSamples: 30", "minSamples: \"30\""), ("type: latencyThreshold", "type: latency"), ("http://chat-8b", "chat-8b"),
        ("reversals: 2/h", "reversals: 2"), ("kind: Deployment, ", ""), ("values: [32, 64, 128, 256]", "min: 4, values: [32]"),
        ("value: 1, period: 2m", "value: 0, period: 2m"), ("attainment: 99%", "attainment: 100"), ("suspend: false", "suspend: 1"),
        ("onInconclusive: revert", "onInconclusive: undo"), ("gpuUtilizationAbove: 90%", "gpuUtilisationAbove: 90%"),
        ("gpuUtilizationAbove: 90%", "{gpuUtilizationAbove: 90%, queueDepthAbove: 3}"), ("flag: --max-num-seqs", "flag: ''"),
    ]

    /// Damage that only the controller sees, and reports in the condition Ready; the last three the API server sees too, by rules in CEL.
    static let unseen = [
        ("{p95: 500ms}", "{p105: 500ms}"), ("cooldown: 10m", "cooldown: 10"), ("cron: \"0 3 * * *\"", "cron: \"0 25 * * *\""),
        ("Europe/Berlin", "Europe/Belrin"),
        ("interval: 15s", "interval: 15s\n    staleAfter: 5s"), ("name: engine", "name: black-box"), ("for: 90s", "for: 999d"),
        ("rollbackIfWorseBy: 5%", "rollbackIfWorseBy: 2000%"), ("gpuUtilizationAbove: 90%", "{gpuUtilizationAbove: true}"),
        ("maxNumSeqs:", "\"max num seqs\":"), ("min: 1, max: 8", "min: 8, max: 1"), ("min: 1, max: 8", "min: 1"),
        (", at: {env: {container: vllm, name: BATCH_SIZE}}", ""),
    ]

    @Test(
        "accepts every shipped policy, refuses what a schema can see, and leaves the rest to the controller",
        .enabled(if: PythonStructural.isPresent, "needs python3 with jsonschema and yaml"))
    func validator() throws {
        let whole = PolicyParseTests.documented
        var texts = try ShippedPolicyTests.names.map { try RepositoryFiles.text("policies/\($0).yaml") } + [whole]
        let good = texts.count
        for (original, damaged) in Self.seen + Self.unseen {
            #expect(whole.contains(original), "nothing to damage: \(original)")
            let text = whole.replacing(original, with: damaged)
            #expect(!parsePolicies(text, file: "f").isValid, "no damage: \(damaged)")
            texts.append(text)
        }
        let problems = try PythonStructural.problems(texts, schema: try Self.schema().json)
        for (text, problem) in zip(texts, problems).prefix(good) { #expect(problem == "", "\(text.prefix(80))") }
        for (damage, problem) in zip(Self.seen, problems.dropFirst(good)) { #expect(problem != "", "not seen: \(damage)") }
        for (damage, problem) in zip(Self.unseen, problems.dropFirst(good + Self.seen.count)) {
            #expect(problem == "", "is seen: \(damage)")
        }
    }

    @Test(
        "refuses the broken policy of the tests at every field a schema can see", .enabled(if: PythonStructural.isPresent, "needs python3"))
    func broken() throws {
        let text = try RepositoryFiles.text("Tests/PolicyFilesTests/Files/broken.yaml")
        let problem = try #require(try PythonStructural.problems([text], schema: try Self.schema().json).first)
        let places = [
            "spec.mode", "spec.objective.ttft.p95", "spec.objective.errorRate", "'atainment'", "probe.endpoint", "probe.rate",
            "p95LatencyExceeds", "spec.triggers[0].when", "cool_down", "spec.behavior.scaleDown", "spec.verify.settle",
            "spec.verify.minSamples",
            "spec.budgets.reversals",
        ]
        for place in places { #expect(problem.contains(place), "\(place) in \(problem)") }
    }
}

/// The rules of structural schemas.
///
/// Source: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
private enum StructuralRules {
    static let onlyOutside = ["type", "description", "default", "additionalProperties", "nullable", "x-kubernetes-preserve-unknown-fields"]
    static let forbidden = [
        "$ref", "definitions", "dependencies", "deprecated", "discriminator", "id", "patternProperties", "readOnly", "writeOnly", "xml",
        "propertyNames", "const",
    ]

    static func check(
        _ node: DocumentValue, _ path: String, isRoot: Bool, report: (String) -> Void, count: () -> Void
    ) throws {
        count()
        let type = node.text("type")
        let keys = Set(node.members.map(\.key))
        if type == nil, isRoot || node["x-kubernetes-preserve-unknown-fields"]?.boolean != true { report("\(path) has no type") }
        if isRoot, type != "object" { report("the root is no object") }
        for key in forbidden where keys.contains(key) { report("\(path) has \(key)") }
        if keys.contains("properties"), keys.contains("additionalProperties") { report("\(path) has properties and additionalProperties") }
        if keys.contains("properties") || keys.contains("additionalProperties"), type != "object" {
            report("\(path) has fields and is \(type ?? "untyped")")
        }
        if keys.contains("items") != (type == "array") { report("\(path) has items and is no list, or the other way round") }
        if keys.contains("exclusiveMinimum"), node["exclusiveMinimum"]?.boolean == nil {
            report("\(path): exclusiveMinimum is a switch here")
        }
        if case .array? = node["items"] { report("\(path) has a list of items") }
        for key in ["allOf", "anyOf", "oneOf"] {
            for part in node[key]?.elements ?? [] { checkLogic(part, node, "\(path).\(key)", report) }
        }
        if let not = node["not"] { checkLogic(not, node, "\(path).not", report) }
        if node.text("x-kubernetes-list-type") == "map" {
            for key in node["x-kubernetes-list-map-keys"]?.elements.compactMap(\.text) ?? [] {
                let isRequired = node["items"]?["required"]?.elements.contains(.string(key)) ?? false
                if !isRequired { report("\(path): the key \(key) of a list of type map is not required") }
            }
        }
        for member in node["properties"]?.members ?? [] {
            try check(member.value, "\(path).\(member.key)", isRoot: false, report: report, count: count)
        }
        for key in ["items", "additionalProperties"] {
            if let inner = node[key] { try check(inner, "\(path).\(key)", isRoot: false, report: report, count: count) }
        }
    }

    private static func checkLogic(_ part: DocumentValue, _ node: DocumentValue, _ path: String, _ report: (String) -> Void) {
        for key in onlyOutside where part[key] != nil { report("\(path) has \(key)") }
        for name in part["required"]?.elements.compactMap(\.text) ?? [] where node["properties"]?[name] == nil {
            report("\(path) needs \(name), which is no field of the object")
        }
        for key in ["allOf", "anyOf", "oneOf"] {
            for inner in part[key]?.elements ?? [] { checkLogic(inner, node, "\(path).\(key)", report) }
        }
        if let not = part["not"] { checkLogic(not, node, "\(path).not", report) }
    }
}

/// Validates as the API server does, with Python's jsonschema: draft 4 is what OpenAPI 3.0 is nearest to, and an unknown field is an error
/// as with `kubectl --validate=strict`.
private enum PythonStructural {
    static let isPresent = Python.has("jsonschema", "yaml")

    static func problems(_ texts: [String], schema: String) throws -> [String] {
        let script = """
            import json, sys, yaml, jsonschema
            schema, texts = json.load(sys.stdin)
            schema = json.loads(schema)
            jsonschema.Draft4Validator.check_schema(schema)
            def strict(node, root=False):
                if node.get("type") == "object" and "properties" in node and not root:
                    node["additionalProperties"] = False
                for child in node.get("properties", {}).values(): strict(child)
                for key in ("items", "additionalProperties"):
                    if isinstance(node.get(key), dict): strict(node[key])
            for child in schema["properties"].values():
                if "properties" in child: strict(child)
            validator = jsonschema.Draft4Validator(schema)
            def path(error):
                words = list(error.absolute_path)
                text = "".join(f"[{w}]" if isinstance(w, int) else "." + w for w in words)[1:]
                return text + ": " + error.message[:200]
            print(json.dumps(["\\n".join(path(e) for d in yaml.safe_load_all(t) for e in validator.iter_errors(d)) for t in texts]))
            """
        let input = try JSONSerialization.data(withJSONObject: [schema, texts] as [Any])
        return try JSONDecoder().decode([String].self, from: try Python.run(script, input: String(decoding: input, as: UTF8.self)))
    }
}
