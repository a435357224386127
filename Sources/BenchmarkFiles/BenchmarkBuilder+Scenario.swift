internal import LoadGeneration
internal import Measurements
internal import PolicyFiles
internal import Probing

extension BenchmarkBuilder {
    mutating func scenario(_ object: ParsedObject) -> PlannedScenario {
        var scenario = PlannedScenario(object.text("name") ?? "", prompts: prompts(object))
        scenario.outputTokens = lengths(object, "output_tokens") ?? scenario.outputTokens
        scenario.systemPrompt = object.text("system_prompt")
        scenario.session = object.object("session").map { session in
            SessionShape(
                turns: lengths(session, "turns") ?? .fixed(1), thinkSeconds: session.duration("think").map { Nanoseconds($0).seconds } ?? 0)
        }
        scenario.sharedPrefix = object.object("shared_prefix").map { prefix in
            SharedPrefix(tokens: prefix.integer("tokens") ?? 1, groups: prefix.integer("groups") ?? 1)
        }
        scenario.sampling.temperature = object.number("temperature")
        scenario.sampling.topP = object.number("top_p")
        scenario.isStreamed = object.flag("stream") ?? true
        scenario.ignoresEndOfSequence = object.flag("ignore_end_of_sequence") ?? false
        scenario.load = load(object)
        scenario.warmUp = warmUp(object)
        scenario.stop = stop(object)
        check(scenario, object)
        return scenario
    }

    private mutating func prompts(_ object: ParsedObject) -> PlannedScenario.Prompts {
        if let text = object.text("prompt") { return .text(text) }
        if let path = object.text("dataset") { return .dataset(path: path) }
        if let path = object.text("trace") { return .trace(path: path) }
        return .lengths(lengths(object, "input_tokens") ?? .fixed(1))
    }

    /// A number, bounds, or a mean with a deviation.
    private mutating func lengths(_ object: ParsedObject, _ key: String) -> TokenLengths? {
        if let count = object.integer(key) { return .fixed(count) }
        guard let table = object.object(key) else { return nil }
        let low = table.integer("min")
        let high = table.integer("max")
        if let low, let high, low > high {
            log.error(table.place(of: "max"), "'max' \(high) is below 'min' \(low)")
            return nil
        }
        if let mean = table.number("mean") {
            let most = high ?? TokenLengths.limits.upperBound
            let least = min(low ?? 1, most)
            return .normal(mean: mean, deviation: table.number("deviation") ?? 0, bounds: least...most)
        }
        guard let low, let high else {
            log.error(table.place, "'\(key)' needs 'mean' and 'deviation', or 'min' and 'max'")
            return nil
        }
        return .uniform(low...high)
    }

    private mutating func load(_ object: ParsedObject) -> PlannedLoad {
        let most = root.object("execution")?.integer("max_concurrency")
        let own = object.integer("concurrency")
        let concurrencies = (object.list("concurrency_sweep") ?? []).compactMap(\.integer) + (own.map { [$0] } ?? [])
        if let most, let over = concurrencies.first(where: { $0 > most }) {
            log.error(
                object.place(of: own == nil ? "concurrency_sweep" : "concurrency"),
                "a concurrency of \(over) is above 'max_concurrency', which is \(most); lower the one or raise the other")
        }
        let cap = own ?? most
        if let rates = object.list("rate_sweep")?.compactMap(\.number) ?? object.number("rate").map({ [$0] }) {
            return .open(schedule(object), rates: rates, maximumInFlight: cap)
        }
        if let ramp = object.object("ramp") {
            return .ramp(
                from: ramp.number("from") ?? 0, to: ramp.number("to") ?? 0,
                over: Nanoseconds(ramp.duration("over") ?? .zero), maximumInFlight: cap)
        }
        if let knee = object.object("find_knee") {
            let start = knee.number("start") ?? 1
            let bounds = min(0.1, start / 10)...max(knee.number("max") ?? 10_000, start)
            let search = KneeSearch.Settings(
                start: start, bounds: bounds, attainment: knee.number("attainment") ?? 0.95, precision: knee.number("precision") ?? 0.05)
            return .knee(schedule(object), search: search, maximumInFlight: cap)
        }
        if object.text("trace") != nil, concurrencies.isEmpty || object.has("speed") {
            return .trace(speed: object.number("speed") ?? 1, maximumInFlight: cap)
        }
        for name in ["schedule", "gamma_shape", "speed"] where object.has(name) {
            log.error(object.place(of: name), "'\(name)' is of a rate or a trace, which this scenario has not; add one or leave it out")
        }
        return .closed(concurrencies: concurrencies.isEmpty ? [1] : concurrencies)
    }

    private mutating func schedule(_ object: ParsedObject) -> PlannedSchedule {
        let name = object.text("schedule") ?? (object.has("gamma_shape") ? "gamma" : "poisson")
        if object.has("gamma_shape"), name != "gamma" {
            log.error(object.place(of: "gamma_shape"), "'gamma_shape' is of the schedule gamma, this one is \(name)")
        }
        switch name {
        case "constant": return .constant
        case "gamma": return .gamma(shape: object.number("gamma_shape") ?? 1)
        default: return .poisson
        }
    }

    private mutating func warmUp(_ object: ParsedObject) -> WarmUp {
        if let length = object.duration("warmup") { return length > .zero ? .time(Nanoseconds(length)) : .none }
        let count = root.object("execution")?.integer("warmup_requests") ?? 0
        return count > 0 ? .requests(count) : .none
    }

    private func stop(_ object: ParsedObject) -> StopRules {
        var stop = StopRules(requests: object.integer("requests"), time: object.duration("duration").map(Nanoseconds.init))
        stop.precision = object.number("precision").map { PrecisionTarget(relativeHalfWidth: $0) }
        if stop.isEndless, !object.has("requests"), !object.has("duration") {
            // A search asks for a time: at few requests a queue would not show.
            if object.has("find_knee") {
                stop.time = Nanoseconds(seconds: 30)
            } else if object.text("trace") == nil || object.has("concurrency") {
                stop.requests = PlannedScenario.customaryRequests
            }
        }
        return stop
    }

    /// What the numbers alone do not tell.
    private mutating func check(_ scenario: PlannedScenario, _ object: ParsedObject) {
        let lengths: [(String, TokenLengths?)] = [("output_tokens", scenario.outputTokens), ("session", scenario.session?.turns)]
        for (name, lengths) in lengths {
            if let problem = lengths?.problem { log.error(object.place(of: name), "'\(name)': \(problem)") }
        }
        if case .lengths(let lengths) = scenario.prompts, let problem = lengths.problem {
            log.error(object.place(of: "input_tokens"), "'input_tokens': \(problem)")
        }
        if case .trace = scenario.load, object.text("trace") == nil {
            log.error(object.place(of: "speed"), "'speed' is of a trace, which this scenario has not")
        }
    }
}

extension Parsed {
    var integer: Int? {
        if case .integer(let value) = value { value } else { nil }
    }

    var number: Double? {
        if case .number(let value) = value { value } else { nil }
    }
}
