internal import Documents
internal import LoadGeneration
internal import Measurements
internal import PolicyFiles
internal import Probing

/// Turns a checked file into a plan; what does not fit together is noted with its place.
struct BenchmarkBuilder {
    var log: DiagnosticLog
    let root: ParsedObject

    mutating func plan() -> BenchmarkPlan {
        var execution = self.execution(root.object("execution"))
        let targets = (root.list("providers") ?? []).compactMap(\.object).flatMap { self.targets($0) }
        var names: Set<String> = []
        let scenarios = (root.object("workload")?.list("scenarios") ?? []).compactMap(\.object).map { object in
            let scenario = self.scenario(object)
            if !names.insert(scenario.name).inserted {
                log.error(object.place(of: "name"), "a second scenario named '\(scenario.name)'; give each a name of its own")
            }
            if case .knee = scenario.load, execution.objective?.hasLimits != true {
                log.error(
                    object.place(of: "find_knee"), "'find_knee' needs an objective: add 'objective' to 'execution', such as {ttft: 500ms}")
            }
            return scenario
        }
        if execution.objective?.hasLimits != true, let place = root.object("execution")?.writtenKeys["objective"] {
            log.error(place, "'objective' needs a limit: ttft, tpot, itl or e2e")
        }
        execution.objective = execution.objective.flatMap { $0.hasLimits ? $0 : nil }
        let outputs = (root.object("output")?.list("export") ?? []).compactMap(\.object).map { object in
            PlannedOutput(path: object.text("path") ?? "", format: object.text("format"))
        }
        var plan = BenchmarkPlan(targets: targets, scenarios: scenarios, execution: execution, outputs: outputs)
        plan.hardware = hardware(root.object("hardware"))
        plan.priceFile = root.text("prices")
        return plan
    }

    // MARK: Targets

    private mutating func targets(_ object: ParsedObject) -> [PlannedTarget] {
        let name = object.text("name") ?? ""
        let provider = object.text("provider") ?? name
        let place = object.place(of: object.has("provider") ? "provider" : "name")
        checkProvider(provider, place, endpoint: object.text("endpoint"), description: object.text("description"), in: object)
        let key = self.key(object, environment: "key_from_environment", file: "key_from_file")
        return (object.list("models") ?? []).compactMap(\.text).map { model in
            var target = PlannedTarget(provider: provider, model: model, endpoint: object.text("endpoint"), key: key)
            target.name = name
            target.apiVersion = object.text("api_version")
            target.thinkingTokens = object.integer("thinking_tokens")
            target.descriptionFile = object.text("description")
            target.limits = object.object("limits").map { limits in
                RateLimits(
                    requestsPerMinute: limits.number("requests_per_minute"), tokensPerMinute: limits.number("tokens_per_minute"),
                    burstSeconds: limits.duration("burst").map { Nanoseconds($0).seconds } ?? 1)
            }
            return target
        }
    }

    mutating func checkProvider(
        _ provider: String, _ place: Place, endpoint: String?, description: String?, in object: ParsedObject
    ) {
        guard provider != ProviderRegistry.custom else {
            if description == nil { log.error(place, "the provider 'custom' needs 'description': the file that describes its interface") }
            if endpoint == nil, !object.has("endpoint") { log.error(place, "the provider 'custom' needs 'endpoint'") }
            return
        }
        guard !provider.isEmpty, let entry = try? ProviderRegistry.entry(provider) else {  // Its error is told with the place instead.
            if !provider.isEmpty { log.error(place, "\(UnknownProvider(name: provider))") }
            return
        }
        if entry.endpoint == nil, endpoint == nil, !object.has("endpoint") {
            log.error(place, "the provider '\(provider)' needs 'endpoint': everybody has one of their own, such as http://host:8000/v1")
        }
    }

    mutating func key(_ object: ParsedObject, environment: String, file: String) -> SecretPlace? {
        if let path = object.text(file) { return .file(path) }
        guard let name = object.text(environment) else { return nil }
        guard LiteralSecrets.isVariable(name) else {
            log.error(
                object.writtenKeys[environment] ?? object.place,
                "'\(environment)' must be the name of an environment variable, such as OPENAI_API_KEY; what is there is none and is not shown"
            )
            return nil
        }
        return .environment(name)
    }

    // MARK: How they are run

    private func execution(_ object: ParsedObject?) -> PlannedExecution {
        var execution = PlannedExecution()
        guard let object else { return execution }
        execution.seed = object.integer("seed").map { UInt64($0) } ?? execution.seed
        execution.timeout = object.duration("timeout") ?? execution.timeout
        execution.calibrates = object.flag("calibrate") ?? execution.calibrates
        execution.discardsStartUp = object.flag("discard_startup") ?? execution.discardsStartUp
        if let retry = object.object("retry") {
            execution.retry.maximumAttempts = retry.integer("max_attempts") ?? 3
            if let base = retry.number("initial_backoff_ms") { execution.retry.base = Nanoseconds(milliseconds: base) }
            if let longest = retry.number("max_backoff_ms") { execution.retry.longest = Nanoseconds(milliseconds: longest) }
        }
        execution.breaker = object.object("breaker").map { breaker in
            var settings = CircuitBreaker.Settings()
            settings.failures = breaker.integer("failures") ?? settings.failures
            settings.rest = breaker.duration("rest").map(Nanoseconds.init) ?? settings.rest
            return settings
        }
        if let budget = object.object("budget") {
            execution.budget = Budget(
                requests: budget.integer("requests"), tokens: budget.integer("tokens"), money: budget.number("money"))
        }
        execution.objective = object.object("objective").map { limits in
            var objective = PlannedObjective()
            objective.timeToFirstToken = limits.duration("ttft").map(Nanoseconds.init)
            objective.timePerOutputToken = limits.duration("tpot").map(Nanoseconds.init)
            objective.interTokenLatency = limits.duration("itl").map(Nanoseconds.init)
            objective.endToEnd = limits.duration("e2e").map(Nanoseconds.init)
            objective.attainment = limits.number("attainment")
            return objective
        }
        return execution
    }

    private func hardware(_ object: ParsedObject?) -> HardwareFacts {
        var facts = HardwareFacts()
        facts.gpuType = object?.text("gpu_type")
        facts.gpuCount = object?.integer("gpu_count")
        facts.cpuCores = object?.integer("cpu_cores")
        facts.memoryGigabytes = object?.number("memory_gb")
        facts.batchSize = object?.integer("batch_size")
        return facts
    }
}

extension Nanoseconds {
    init(_ duration: Duration) {
        let parts = duration.components
        self.init(parts.seconds * 1_000_000_000 + parts.attoseconds / 1_000_000_000)
    }
}
