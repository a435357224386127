import Foundation
import Statistics
import TestSupport
import Testing

@testable import PolicyFiles

@Suite struct PolicySchemaTests {
    static let file = RepositoryFiles.policies.appending(path: "schema/optimization-policy.schema.json")

    @Test("the schema in the folder of policies is the one the parser's tables give")
    func current() throws {
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
            try Data(PolicySchema.text.utf8).write(to: Self.file)
            Issue.record("rewrote \(Self.file.lastPathComponent); read the difference and run again")
            return
        }
        #expect(try String(contentsOf: Self.file, encoding: .utf8) == PolicySchema.text)
    }

    @Test("the schema is JSON with every field of every table")
    func complete() throws {
        let schema = try #require(try JSONSerialization.jsonObject(with: Data(PolicySchema.text.utf8)) as? [String: Any])
        let properties = try #require(schema["properties"] as? [String: Any])
        #expect(properties.keys.sorted() == PolicyShape.document.fields.map(\.name).sorted())
        let condition = try #require((schema["$defs"] as? [String: Any])?["condition"] as? [String: Any])
        #expect((condition["properties"] as? [String: Any])?.count == ConditionShape.table.fields.count)
    }

    /// Single-field damage that a schema must see as the parser does.
    static let damages = [
        ("interval: 15s", "interval: 15"), ("mode: recommend", "mode: automatic"), ("errorRate: 1%", "errorRate: 5"),
        ("cooldown: 10m", "cool_down: 10m"), ("min: 1, max: 8", "min: one, max: 8"), ("rate: 0.2/s", "rate: 0.2"),
        ("minSamples: 30", "minSamples: \"30\""), ("type: latencyThreshold", "type: latency"), ("http://chat-8b", "chat-8b"),
        ("gpuUtilizationAbove: 90%", "gpuUtilizationAbove: 90%, queueDepthAbove: 3"), ("reversals: 2/h", "reversals: 2"),
        ("metadata: {name: chat-8b}", "metadata: {name: 'chat 8b'}"), ("{p95: 500ms}", "{p105: 500ms}"), ("kind: Deployment, ", ""),
        ("values: [32, 64, 128, 256]", "min: 4, values: [32]"), ("kind: OptimizationPolicy", "kind: Pod"),
    ]

    @Test(
        "accepts every shipped policy and refuses what the parser refuses",
        .enabled(if: PythonSchema.isPresent, "needs python3 with jsonschema and yaml"))
    func validator() throws {
        var texts = try ShippedPolicyTests.names.map { try RepositoryFiles.text("policies/\($0).yaml") }
        let whole = PolicyParseTests.documented.replacing("gpuUtilizationAbove: 90%", with: "{gpuUtilizationAbove: 90%}")
        texts.append(whole)
        for (original, damaged) in Self.damages {
            #expect(whole.contains(original), "nothing to damage: \(original)")
            texts.append(whole.replacing(original, with: damaged))
        }
        let parsed = texts.map { parsePolicies($0, file: "f").isValid }
        let accepted = try PythonSchema.accepts(texts, schema: PolicySchema.text)
        #expect(accepted == parsed)
        #expect(parsed.count { $0 } == ShippedPolicyTests.names.count + 1, "every damage is seen")
    }

    @Test("never refuses what the parser accepts", .enabled(if: PythonSchema.isPresent, "needs python3 with jsonschema and yaml"))
    func neverStricter() throws {
        var texts: [String] = []
        for seed in UInt64(1)...600 {
            var random = SplitMix64(seed: seed)
            let original = PolicyMutationTests.shipped[Int(random.next() % UInt64(PolicyMutationTests.shipped.count))]
            let bytes = PolicyMutationTests.mutate(original, with: &random)
            if bytes != original, parsePolicies(bytes, file: "f").isValid { texts.append(String(decoding: bytes, as: UTF8.self)) }
        }
        #expect(texts.count > 100)
        for (text, isAccepted) in zip(texts, try PythonSchema.accepts(texts, schema: PolicySchema.text)) where isAccepted == false {
            Issue.record("the schema refuses what the parser accepts:\n\(text)")
        }
    }
}

/// Validates with Python's jsonschema, where it is installed.
enum PythonSchema {
    static let isPresent = Python.has("jsonschema", "yaml")

    /// `nil` for what Python's YAML 1.1 cannot read at all.
    static func accepts(_ texts: [String], schema: String) throws -> [Bool?] {
        let script = """
            import json, sys, yaml, jsonschema
            schema, texts = json.load(sys.stdin)
            schema = json.loads(schema)
            jsonschema.Draft202012Validator.check_schema(schema)
            validator = jsonschema.Draft202012Validator(schema)
            def accepted(text):
                try:
                    documents = [document for document in yaml.safe_load_all(text) if document is not None]
                except (yaml.YAMLError, ValueError):
                    return None
                return all(validator.is_valid(document) for document in documents)
            print(json.dumps([accepted(text) for text in texts]))
            """
        let input = try JSONEncoder().encode([JSONInput.text(schema), .list(texts)])
        return try JSONDecoder().decode([Bool?].self, from: try Python.run(script, input: String(decoding: input, as: UTF8.self)))
    }

    private enum JSONInput: Encodable {
        case text(String)
        case list([String])

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .text(let text): try container.encode(text)
            case .list(let list): try container.encode(list)
            }
        }
    }
}
