internal import Policies

/// The fields of a target and of how fast it may be scaled.
enum TargetShape {
    static let target = FieldTable(
        "'target'",
        [
            Field("kubernetes", .object(kubernetes), "a workload in a cluster"),
            Field("simulator", .object(simulator), "the embedded simulated engine"),
            Field("command", .object(CommandShape.target), "an engine outside Kubernetes, changed and read by commands or HTTP requests"),
        ], choices: [.exactlyOne("kubernetes", "simulator", "command")])

    private static let kubernetes = FieldTable(
        "'kubernetes'",
        [
            Field("namespace", .text(.name), required: true, "namespace of the workload"),
            Field("scaleTargetRef", .object(reference), required: true, "the workload, as in a HorizontalPodAutoscaler"),
        ])

    private static let reference = FieldTable(
        "'scaleTargetRef'",
        [
            Field("apiVersion", .text(.any), "apps/v1 unless told"),
            Field("kind", .text(.name), required: true, "such as Deployment"),
            Field("name", .text(.name), required: true, "name of the workload"),
        ])

    private static let simulator = FieldTable(
        "'simulator'",
        [
            Field("profile", .text(.name), "name of an engine profile"),
            Field("seed", .integer(0...Int.max), "same seed, same run; 1 unless told"),
        ])

    static let behavior = FieldTable(
        "'behavior'",
        [
            Field("scaleUp", .object(rules("'scaleUp'")), "rules for more replicas"),
            Field("scaleDown", .object(rules("'scaleDown'")), "rules for fewer replicas"),
        ])

    private static func rules(_ name: String) -> FieldTable {
        FieldTable(
            name,
            [
                Field("stabilizationWindow", .duration(.zero...Duration.seconds(3_600)), "how long to look back for the safest answer"),
                Field(
                    "stabilizationWindowSeconds", .integer(0...3_600), "the same in whole seconds, as the HorizontalPodAutoscaler has it"),
                Field("selectPolicy", .choice(Behavior.SelectPolicy.allCases.map(\.rawValue)), "which policy counts where several apply"),
                Field("policies", .list(.object(policy), count: 0...10), "most change per period"),
            ], choices: [.atMostOne("stabilizationWindow", "stabilizationWindowSeconds")])
    }

    private static let policy = FieldTable(
        "a scaling policy",
        [
            Field("type", .choice(Behavior.PolicyType.allCases.map(\.rawValue)), required: true, "whether 'value' counts pods or percent"),
            Field("value", .integer(1...1_000_000), required: true, "most pods, or percent of the replicas, per period"),
            Field("period", .duration(.seconds(1)...Duration.seconds(1_800)), "such as 2m; at most 30m"),
            Field("periodSeconds", .integer(1...1_800), "the same in whole seconds, as the HorizontalPodAutoscaler has it"),
        ], choices: [.exactlyOne("period", "periodSeconds")])
}
