internal import Measurements
internal import Policies
internal import Statistics

extension PolicyBuilder {
    mutating func trigger(_ object: ParsedObject) -> Trigger {
        let type = object.choice("type", TriggerType.self)
        let condition = object.object("when").map { self.condition($0) } ?? .and([])
        var trigger = Trigger(name: object.text("name") ?? "", type: type ?? .latencyThreshold, condition: condition)
        trigger.window = object.duration("window") ?? trigger.window
        trigger.holdFor = object.duration("for") ?? trigger.holdFor
        trigger.minSamples = object.integer("minSamples") ?? trigger.minSamples
        applyCooldown(object, to: &trigger)
        if type == .scheduled { trigger.schedule = schedule(object) }
        if let type { checkSchedule(object, of: type) }
        return trigger
    }

    private mutating func applyCooldown(_ object: ParsedObject, to trigger: inout Trigger) {
        let parts = object.object("cooldown")
        trigger.cooldown = object.duration("cooldown") ?? parts?.duration("after") ?? trigger.cooldown
        trigger.cooldownAfterRollback = max(trigger.cooldownAfterRollback, trigger.cooldown)
        guard let parts, let afterRollback = parts.duration("afterRollback") else { return }
        trigger.cooldownAfterRollback = afterRollback
        if afterRollback < trigger.cooldown {
            log.error(
                parts.place(of: "afterRollback"),
                "'afterRollback' \(FigureText.duration(afterRollback)) is shorter than 'after' \(FigureText.duration(trigger.cooldown)): "
                    + "a change that failed would be tried again sooner than one that worked")
        }
    }

    private mutating func checkSchedule(_ object: ParsedObject, of type: TriggerType) {
        if type == .scheduled {
            if !object.has("cron") { log.error(object.place, "a trigger of type scheduled needs 'cron', such as \"0 3 * * *\"") }
            if object.has("for") {
                log.error(
                    object.writtenKeys["for"] ?? object.place, "'for' has no meaning in a scheduled trigger: it fires when it comes due")
            }
            return
        }
        if !object.has("when") {
            log.error(object.place, "a trigger of type \(type.rawValue) needs 'when', the condition that makes it fire")
        }
        for key in ["cron", "timezone"] where object.has(key) {
            log.error(
                object.writtenKeys[key] ?? object.place, "'\(key)' belongs to triggers of type scheduled; this one is \(type.rawValue)")
        }
    }

    private mutating func condition(_ object: ParsedObject) -> Condition {
        guard let entry = object.entries.first else { return .and([]) }
        switch entry.key {
        case "and": return .and((entry.value.list ?? []).compactMap(\.object).map { condition($0) })
        case "or": return .or((entry.value.list ?? []).compactMap(\.object).map { condition($0) })
        case "not": return .not(entry.value.object.map { condition($0) } ?? .and([]))
        default: return .leaf(.init(name: entry.key, test: test(entry), line: entry.keyPlace.line))
        }
    }

    private mutating func test(_ entry: ParsedObject.Entry) -> Condition.Test {
        let scalar = ParsedObject(
            place: entry.value.place, entries: [.init(key: "threshold", keyPlace: entry.keyPlace, value: entry.value)],
            writtenKeys: ["threshold": entry.value.place])
        let fields = entry.value.object ?? scalar
        let window = fields.duration("window")
        if entry.key == "burnRateAbove" { return burnRate(fields) }
        let (query, comparison, threshold) = comparison(entry.key, fields)
        return .compare(query, comparison, threshold: threshold, window: window)
    }

    private func comparison(_ name: String, _ fields: ParsedObject) -> (MetricQuery, Condition.Comparison, Double) {
        let threshold = fields.duration("threshold")?.inSeconds ?? fields.number("threshold") ?? 0
        let metric = fields.choice("metric", LatencyMetric.self) ?? .timeToFirstToken
        switch name {
        case "p95LatencyExceeds": return (.latency(metric, .percentile(.p95)), .above, threshold)
        case "p99LatencyExceeds": return (.latency(metric, .percentile(.p99)), .above, threshold)
        case "meanLatencyExceeds": return (.latency(metric, .mean), .above, threshold)
        case "latencyExceeds":
            return (.latency(metric, fields.text("percentile").flatMap(LatencyStatistic.init(fileName:)) ?? .mean), .above, threshold)
        case "throughputBelow": return (.throughput, .below, threshold)
        case "tokensPerSecondBelow": return (.tokensPerSecond, .below, threshold)
        case "errorRateAbove": return (.errorRate, .above, threshold)
        case "costPerThousandTokensAbove": return (.costPerThousandTokens, .above, threshold)
        case "gpuUtilizationAbove": return (.utilization(.gpu), .above, threshold)
        case "gpuUtilizationBelow": return (.utilization(.gpu), .below, threshold)
        case "memoryUtilizationAbove": return (.utilization(.memory), .above, threshold)
        case "kvCacheUtilizationAbove": return (.utilization(.keyValueCache), .above, threshold)
        case "queueDepthAbove": return (.queueDepth, .above, threshold)
        case "consecutiveFailures": return (.consecutiveFailures, .atLeast, threshold)
        case "slaViolationCount": return (.objectiveViolations, .above, Double(fields.integer("max") ?? 0))
        case "anomaly": return anomaly(fields)
        default: return signal(fields)
        }
    }

    private func anomaly(_ fields: ParsedObject) -> (MetricQuery, Condition.Comparison, Double) {
        let metric = fields.choice("metric", AnomalyMetric.self) ?? .endToEnd
        let deviations = fields.number("deviations") ?? 3
        let isLow =
            fields.choice("direction").map { $0 == Condition.Comparison.below } ?? (metric == .throughput || metric == .tokensPerSecond)
        return (.anomaly(metric), isLow ? .below : .above, isLow ? -deviations : deviations)
    }

    private func signal(_ fields: ParsedObject) -> (MetricQuery, Condition.Comparison, Double) {
        let query = MetricQuery.signal(fields.text("name") ?? "")
        if let above = fields.number("above") { return (query, .above, above) }
        return (query, .below, fields.number("below") ?? 0)
    }

    private mutating func burnRate(_ fields: ParsedObject) -> Condition.Test {
        let short = fields.duration("short") ?? .seconds(1)
        let long = fields.duration("long") ?? .seconds(2)
        if fields.duration("short") != nil, fields.duration("long") != nil, short >= long {
            log.error(
                fields.place(of: "short"),
                "'short' \(FigureText.duration(short)) must be shorter than 'long' \(FigureText.duration(long))")
        }
        return .burnRate(short: short, long: long, factor: fields.number("factor") ?? 1)
    }
}
