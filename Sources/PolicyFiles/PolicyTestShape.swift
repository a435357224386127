internal import Policies

/// The fields of a file of policy tests.
enum PolicyTestShape {
    static let file = FieldTable(
        "a file of policy tests",
        [
            Field("policies", .list(.text(.any), count: 1...20), required: true, "policy files, relative to this file"),
            Field("interval", interval, "time between two values of a series and two evaluations; the policy's interval unless told"),
            Field("tests", .list(.object(test), count: 1...500), required: true, "the tests"),
        ])

    private static let interval = Shape.duration(.seconds(1)...Duration.seconds(86_400))
    private static let moment = Shape.duration(.zero...Duration.seconds(366 * 86_400))
    private static let samples = Shape.integer(0...1_000_000_000)

    private static let test = FieldTable(
        "a test",
        [
            Field("name", .text(.any), required: true, "what it shows, as a claim"),
            Field("policy", .text(.name), "which policy, where the files have several"),
            Field("interval", interval, "instead of the file's"),
            Field("start", .text(.any), "time of the first value in ISO 8601; 2026-01-01T00:00:00Z unless told"),
            Field("samples", samples, "samples behind each value; 1000 unless told"),
            Field(
                "series", .map(keys: .any, .either(.text(.any), series), count: 0...100),
                "figures over time, such as ttft.p95: '300ms+50msx10'"),
            Field("state", .map(keys: .name, .anyScalar, count: 0...50), "values of the knobs; their default or smallest unless told"),
            Field("changes", .list(.object(change), count: 0...100), "adjustments and rollbacks that start a cooldown"),
            Field("expect", .list(.object(expectation), count: 1...1_000), required: true, "what must be so, and when"),
        ])

    private static let series = FieldTable(
        "a series",
        [
            Field("values", .text(.any), required: true, "such as '300ms x10 _x3 NaN stale'"),
            Field("samples", samples, "samples behind each value"),
        ])

    private static let change = FieldTable(
        "a change",
        [
            Field("at", moment, required: true, "time since the start"),
            Field("trigger", .text(.name), required: true, "the trigger that caused it"),
            Field("outcome", .choice(TriggerState.Cooldown.Reason.allCases.map(\.rawValue)), "adjusted unless told"),
        ])

    private static let expectation = FieldTable(
        "an expectation",
        [
            Field("at", moment, required: true, "time since the start"),
            Field(
                "triggers",
                .map(keys: .name, .choice(["inactive", "pending", "firing", "cooling", "unknown"]), count: 1...100),
                "state by name of the trigger"),
            Field("recommends", .list(.object(recommendation), count: 0...50), "exactly these changes; [] for none"),
        ])

    private static let recommendation = FieldTable(
        "a recommendation",
        [
            Field("knob", .text(.name), required: true, "name of the knob"),
            Field("direction", .choice(RecommendedChange.Direction.allCases.map(\.rawValue)), "which way"),
            Field("value", .anyScalar, "the value to set"),
        ])
}
