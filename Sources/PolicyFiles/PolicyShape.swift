internal import Measurements
internal import Policies

/// The fields of a policy file.
enum PolicyShape {
    static let apiVersion = "llm-devops.io/v1alpha1"
    static let kind = "OptimizationPolicy"

    /// Spans that measurements are looked at over.
    static let window = Duration.seconds(1)...Duration.seconds(7 * 86_400)
    /// Waits and quiet times.
    static let wait = Duration.zero...Duration.seconds(7 * 86_400)

    static let document = FieldTable(
        "a policy",
        [
            Field("apiVersion", .choice([apiVersion]), required: true, "always \(apiVersion)"),
            Field("kind", .choice([kind]), required: true, "always \(kind)"),
            Field("metadata", .object(metadata), required: true, "the name, as in Kubernetes"),
            Field("spec", .object(spec), required: true, "what to achieve, watch and change"),
        ])

    private static let metadata = FieldTable(
        "'metadata'",
        [
            Field("name", .text(.name), required: true, "name of the policy, unique in a folder of policies"),
            Field("labels", .map(keys: .any, .text(.any), count: 0...100), "for your own use"),
            Field("annotations", .map(keys: .any, .text(.any), count: 0...100), "for your own use"),
        ])

    static let spec = FieldTable(
        "'spec'",
        [
            Field(
                "mode", .choice(Policy.Mode.allCases.map(\.rawValue)), "recommend (default), approve or auto: how far the controller may go"
            ),
            Field("suspend", .flag, "observe and report, never act"),
            Field("target", .either(.choice(["none"]), TargetShape.target), "the deployment under control; none for recommendations only"),
            Field("objective", .object(objective), "what the deployment must achieve"),
            Field("monitor", .object(SourceShape.monitor), "where measurements come from, and how often to look"),
            Field("triggers", .list(.object(trigger), count: 0...100), "when to act"),
            Field("knobs", .map(keys: .name, .object(KnobShape.knob), count: 0...50), "what may be changed, and within which bounds"),
            Field("behavior", .object(TargetShape.behavior), "how fast replicas may change, as in a HorizontalPodAutoscaler"),
            Field("verify", .object(verify), "how a change is judged, and what undoes it"),
            Field("budgets", .object(budgets), "how much disturbance is allowed"),
            Field("schedule", .list(.object(schedule), count: 0...20), "when whole cycles run by themselves"),
            Field("learning", .object(learning), "how effects are learned"),
            Field("cost", .object(cost), "what a replica costs"),
            Field(
                "tune", .object(TuneShape.tune),
                "settings are tried out by themselves, one at a time and each on a part of the replicas first"),
        ])

    private static let statistics = Shape.map(keys: .statistic, .duration(.nanoseconds(1)...Duration.seconds(86_400)), count: 1...10)

    private static let objective = FieldTable(
        "'objective'",
        LatencyMetric.allCases.map { Field($0.rawValue, statistics, "limits by statistic, such as {p95: 500ms}") } + [
            Field("errorRate", .ratio(0...1), "highest share of failed requests"),
            Field("throughput", .rate(unitRequired: true), "lowest requests per second"),
            Field("tokensPerSecond", .rate(unitRequired: false), "lowest output tokens per second"),
            Field("attainment", .ratio(0.01...0.999_999), "share of requests that must meet the latency limits; 99% unless told"),
        ])

    private static let trigger = FieldTable(
        "a trigger",
        [
            Field("name", .text(.name), required: true, "unique in the policy"),
            Field(
                "type", .choice(TriggerType.allCases.map(\.rawValue)), required: true,
                "the kind of concern, which selects the rules that propose changes"),
            Field("when", .condition, "what must be so; may be left out of scheduled triggers only"),
            Field("window", .duration(window), "span each evaluation looks at; 5m unless told"),
            Field("for", .duration(wait), "how long the condition must hold without a break; 0s unless told"),
            Field("minSamples", .integer(0...10_000_000), "fewer requests behind a figure make it unknown; 30 unless told"),
            Field("cooldown", .either(.duration(wait), cooldown), "quiet time after an adjustment; 10m unless told"),
            Field("cron", .text(.cron), "when a scheduled trigger comes due"),
            Field("timezone", .text(.timezone), "IANA name for 'cron'; UTC unless told"),
        ])

    private static let cooldown = FieldTable(
        "'cooldown'",
        [
            Field("after", .duration(wait), required: true, "quiet time after an adjustment this trigger caused"),
            Field("afterRollback", .duration(wait), "quiet time after its rollback; the longer of 30m and 'after' unless told"),
        ])

    private static let verify = FieldTable(
        "'verify'",
        [
            Field("settle", .duration(wait), "wait after a change before measuring; 60s unless told"),
            Field("window", .duration(window), "how long to measure; 5m unless told"),
            Field("minSamples", .integer(1...10_000_000), "fewer requests prove nothing; 100 unless told"),
            Field("rollbackIfWorseBy", .ratio(0...10), "how much worse is too much; 5% unless told"),
            Field(
                "onInconclusive", .choice(Policy.Verification.OnInconclusive.allCases.map(\.rawValue)), "revert unless told"),
            Field(
                "canary", .choice(Policy.Verification.CanaryUse.allCases.map(\.rawValue)),
                "whether a change is tried on a part of the replicas first; auto unless told: where that is possible"),
        ])

    private static let budgets = FieldTable(
        "'budgets'",
        [
            Field("reversals", .eventBudget, "changes of direction on one knob, such as 2/h"),
            Field("podRestarts", .eventBudget, "pods restarted by adjustments, such as 10/h"),
            Field("adjustments", .eventBudget, "adjustments of any kind, such as 6/h"),
        ])

    private static let schedule = FieldTable(
        "a schedule",
        [
            Field("cron", .text(.cron), required: true, "five fields, or a shortcut such as @daily"),
            Field("timezone", .text(.timezone), "IANA name; UTC unless told"),
        ])

    private static let learning = FieldTable(
        "'learning'", [Field("holdout", .ratio(0...0.5), "share of decisions that deliberately do nothing; 10% unless told")])

    private static let cost = FieldTable(
        "'cost'",
        [
            Field("perReplicaHour", .number(0...1e9), required: true, "money per replica and hour"),
            Field("currency", .text(.name), "USD unless told"),
        ])
}
