internal import Learning

/// The CustomResourceDefinition of policies in a cluster; its `spec` is written from the same tables the parser reads by.
public enum PolicyResourceDefinition {
    /// YAML, as in `deploy/base/crd.yaml`.
    public static var text: String {
        "# Written from the tables of Sources/PolicyFiles; UPDATE_GOLDEN=1 swift test --filter PolicyResourceTests writes it again.\n"
            + YAMLLines(definition).text
    }

    private static let definition: SchemaText = {
        let parts = PolicyShape.apiVersion.split(separator: "/").map(String.init)
        let (group, version) = (parts[0], parts[1])
        return .object([
            ("apiVersion", .text("apiextensions.k8s.io/v1")), ("kind", .text("CustomResourceDefinition")),
            ("metadata", .object([("name", .text("optimizationpolicies.\(group)"))])),
            (
                "spec",
                .object([
                    ("group", .text(group)), ("scope", .text("Namespaced")),
                    (
                        "names",
                        .object([
                            ("kind", .text(PolicyShape.kind)), ("listKind", .text(PolicyShape.kind + "List")),
                            ("plural", .text("optimizationpolicies")), ("singular", .text("optimizationpolicy")),
                            ("shortNames", .list([.text("op")])),
                        ])
                    ),
                    ("versions", .list([served(version)])),
                ])
            ),
        ])
    }()

    private static func served(_ name: String) -> SchemaText {
        .object([
            ("name", .text(name)), ("served", .flag(true)), ("storage", .flag(true)),
            ("subresources", .object([("status", .object([]))])), ("additionalPrinterColumns", .list(columns)),
            ("schema", .object([("openAPIV3Schema", .object(root))])),
        ])
    }

    private static let columns: [SchemaText] = [
        column("Mode", ".spec.mode"), column("Target", ".spec.target.kubernetes.scaleTargetRef.name"),
        column("Ready", ".status.conditions[?(@.type==\"Ready\")].status"),
        column("Acting", ".status.conditions[?(@.type==\"Acting\")].status"), column("Verdict", ".status.lastVerdict"),
        column("Age", ".metadata.creationTimestamp", type: "date"),
    ]

    private static func column(_ name: String, _ path: String, type: String = "string") -> SchemaText {
        .object([("name", .text(name)), ("type", .text(type)), ("jsonPath", .text(path))])
    }

    private static let root: [(String, SchemaText)] = {
        let spec: SchemaText = .object(
            [("description", .text("what to achieve, watch and change"))] + StructuralSchema.members(of: PolicyShape.spec))
        return [
            ("description", .text("A policy of LLM Auto-Optimizer.")), ("type", .text("object")), ("required", .list([.text("spec")])),
            (
                "properties",
                .object([
                    ("apiVersion", .object([("type", .text("string"))])), ("kind", .object([("type", .text("string"))])),
                    ("metadata", .object([("type", .text("object"))])), ("spec", spec), ("status", .object(PolicyStatusSchema.members)),
                ])
            ),
        ]
    }()
}

/// What the controller says of a policy.
private enum PolicyStatusSchema {
    static let conditions = ["Ready", "MetricsFresh", "Acting", "Limited", "Verified", "Degraded"]

    static let members = object(
        "what the controller says of it",
        [
            ("observedGeneration", integer("generation of the spec this is about")),
            (
                "conditions",
                [
                    ("description", .text("one of each type: \(conditions.joined(separator: ", "))")), ("type", .text("array")),
                    ("maxItems", .integer(16)), ("x-kubernetes-list-type", .text("map")),
                    ("x-kubernetes-list-map-keys", .list([.text("type")])), ("items", .object(condition)),
                ]
            ),
            (
                "lastDecision",
                object(
                    "what was decided last, and why",
                    [
                        ("time", time("when it was decided")), ("cycle", text("identifier of the cycle, for explain", 64)),
                        ("summary", text("a sentence", 1_024)),
                    ])
            ),
            (
                "openAdjustment",
                object(
                    "the change on its way",
                    [
                        ("id", text("identifier, for approve, reject and rollback", 64)), ("knob", text("what is changed", 253)),
                        ("from", text("the old value", 1_024)), ("to", text("the new value", 1_024)),
                        ("state", text("how far it has got", 64)),
                        ("since", time("when it got there")),
                    ])
            ),
            (
                "lastVerdict",
                [
                    ("description", .text("how the last change was judged")), ("type", .text("string")),
                    ("enum", .list(Verdict.allCases.map { .text($0.rawValue) })),
                ]
            ),
        ])

    private static let condition =
        [("required", SchemaText.list(["type", "status", "lastTransitionTime", "reason", "message"].map { .text($0) }))]
        + object(
            "as in every Kubernetes object",
            [
                ("type", choice(conditions)), ("status", choice(["True", "False", "Unknown"])),
                ("observedGeneration", integer("generation of the spec this is about")),
                ("lastTransitionTime", time("when the status changed")),
                ("reason", text("a word", 1_024)), ("message", text("sentences with figures", 32_768)),
            ])

    private static func object(_ summary: String, _ fields: [(String, [(String, SchemaText)])]) -> [(String, SchemaText)] {
        [
            ("description", .text(summary)), ("type", .text("object")),
            ("properties", .object(fields.map { ($0.0, .object($0.1)) })),
        ]
    }

    private static func text(_ summary: String, _ length: Int) -> [(String, SchemaText)] {
        [("description", .text(summary)), ("type", .text("string")), ("maxLength", .integer(length))]
    }

    private static func time(_ summary: String) -> [(String, SchemaText)] {
        [("description", .text(summary)), ("type", .text("string")), ("format", .text("date-time"))]
    }

    private static func integer(_ summary: String) -> [(String, SchemaText)] {
        [("description", .text(summary)), ("type", .text("integer")), ("format", .text("int64"))]
    }

    private static func choice(_ names: [String]) -> [(String, SchemaText)] {
        [("type", .text("string")), ("enum", .list(names.map { .text($0) }))]
    }
}
