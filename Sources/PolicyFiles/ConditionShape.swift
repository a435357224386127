internal import Measurements
internal import Policies

/// The fields of a condition: each is one kind of condition, of which exactly one is given.
enum ConditionShape {
    static let table = FieldTable(
        "a condition", junctions + latencies + rates + gauges + counts + special,
        choices: [.exactlyOne(of: (junctions + latencies + rates + gauges + counts + special).map(\.name))])

    static let window = Field("window", .duration(PolicyShape.window), "span to look at, instead of the trigger's")

    private static let junctions = [
        Field("and", .list(.condition, count: 1...50), "all of these hold"),
        Field("or", .list(.condition, count: 1...50), "at least one of these holds"),
        Field("not", .condition, "this does not hold"),
    ]

    private static let metric = Field(
        "metric", .choice(LatencyMetric.allCases.map(\.rawValue)), "which latency; ttft, the time to the first token, unless told")
    private static let latency = Shape.duration(.nanoseconds(1)...Duration.seconds(3_600))

    private static func latency(_ name: String, _ summary: String) -> Field {
        let fields = [metric, Field("threshold", latency, required: true, "the latency that must not be exceeded"), window]
        return Field(name, .either(latency, FieldTable("'\(name)'", fields)), summary)
    }

    private static let latencies = [
        latency("p95LatencyExceeds", "the 95th percentile of a latency is above a duration"),
        latency("p99LatencyExceeds", "the 99th percentile of a latency is above a duration"),
        latency("meanLatencyExceeds", "the mean of a latency is above a duration"),
        Field(
            "latencyExceeds",
            .object(
                FieldTable(
                    "'latencyExceeds'",
                    [
                        metric, Field("percentile", .text(.statistic), required: true, "p1 to p99.99, or mean"),
                        Field("threshold", latency, required: true, "the latency that must not be exceeded"), window,
                    ])), "a percentile of a latency is above a duration"),
    ]

    /// One value says it all, or `{threshold, window}`.
    private static func threshold(_ name: String, _ shape: Shape, _ summary: String) -> Field {
        let table = FieldTable("'\(name)'", [Field("threshold", shape, required: true, "the limit"), window])
        return Field(name, .either(shape, table), summary)
    }

    private static let rates = [
        threshold("throughputBelow", .rate(unitRequired: true), "fewer requests are answered than this rate"),
        threshold("tokensPerSecondBelow", .rate(unitRequired: false), "fewer output tokens are produced per second"),
        threshold("errorRateAbove", .ratio(0...1), "a larger share of requests fails"),
        threshold("costPerThousandTokensAbove", .number(0...1e9), "1 000 output tokens cost more, in the policy's currency"),
    ]

    private static let gauges = [
        threshold("gpuUtilizationAbove", .ratio(0...1), "the devices are busier than this"),
        threshold("gpuUtilizationBelow", .ratio(0...1), "the devices are less busy than this"),
        threshold("memoryUtilizationAbove", .ratio(0...1), "more of the device memory is in use"),
        threshold("kvCacheUtilizationAbove", .ratio(0...1), "more of the KV cache is in use"),
        threshold("queueDepthAbove", .number(0...1e9), "more requests wait in the engine"),
    ]

    private static let counts = [
        threshold("consecutiveFailures", .integer(1...1_000_000), "so many requests or more failed in a row"),
        Field(
            "slaViolationCount",
            .object(
                FieldTable(
                    "'slaViolationCount'",
                    [Field("max", .integer(0...1_000_000_000), required: true, "the largest count that is tolerated"), window])),
            "more requests than this missed a latency limit of the objective"),
    ]

    private static let special = [
        Field(
            "burnRateAbove",
            .object(
                FieldTable(
                    "'burnRateAbove'",
                    [
                        Field("short", .duration(PolicyShape.window), required: true, "the short window, which ends the alarm quickly"),
                        Field("long", .duration(PolicyShape.window), required: true, "the long window, which keeps it from being noise"),
                        Field(
                            "factor", .number(0.001...1_000_000), required: true, "times the rate that would just use up the error budget"),
                    ])), "the error budget of the objective burns faster than allowed over both windows"),
        Field(
            "anomaly",
            .object(
                FieldTable(
                    "'anomaly'",
                    [
                        Field("metric", .choice(AnomalyMetric.allCases.map(\.rawValue)), required: true, "the series to watch"),
                        Field("deviations", .number(0.1...100), "robust standard deviations from the baseline; 3 unless told"),
                        Field(
                            "direction", .choice(["above", "below"]), "above for latencies and errors, below for throughput, unless told"),
                        window,
                    ])), "the newest value is far from its baseline"),
        Field(
            "signal",
            .object(
                FieldTable(
                    "'signal'",
                    [
                        Field("name", .text(.name), required: true, "name of a query of a Prometheus source"),
                        Field("above", .number(-1e15...1e15), "holds while the value is above this"),
                        Field("below", .number(-1e15...1e15), "holds while the value is below this"), window,
                    ], choices: [.exactlyOne("above", "below")])), "a series of your own is above or below a value"),
    ]
}
