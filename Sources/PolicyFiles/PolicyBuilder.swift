internal import Measurements
internal import Policies

/// Turns a checked document into a policy and checks what no single field can: how fields fit together.
///
/// Builds from whatever was readable, so that these checks speak up together with the others; the result counts only if nothing did.
struct PolicyBuilder {
    var log: DiagnosticLog
    let document: ParsedObject

    mutating func policy() -> Policy {
        let spec = document.object("spec") ?? ParsedObject(place: document.place)
        var policy = Policy(name: document.object("metadata")?.text("name") ?? "", target: target(spec))
        policy.mode = spec.choice("mode") ?? policy.mode
        policy.suspend = spec.flag("suspend") ?? policy.suspend
        if let objective = spec.object("objective") { policy.objective = self.objective(objective) }
        if let monitor = spec.object("monitor") { policy.monitor = self.monitor(monitor) }
        policy.triggers = unique(spec.list("triggers"), "trigger").map { trigger($0) }
        policy.knobs = knobs(spec.object("knobs"), ofCommandTarget: spec.object("target")?.has("command") ?? false)
        check(plansIn: spec.object("knobs"), policy)
        if case .command(let target) = policy.target { checkPlaceholders(of: target, knobs: spec.object("knobs"), spec) }
        if let behavior = spec.object("behavior") { policy.behavior = self.behavior(behavior) }
        if let verify = spec.object("verify") { policy.verify = verification(verify) }
        if let budgets = spec.object("budgets") {
            policy.budgets.reversals = budgets.eventBudget("reversals")
            policy.budgets.podRestarts = budgets.eventBudget("podRestarts")
            policy.budgets.adjustments = budgets.eventBudget("adjustments")
        }
        policy.schedule = (spec.list("schedule") ?? []).compactMap { $0.object.flatMap(schedule) }
        policy.learning.holdout = spec.object("learning")?.number("holdout") ?? policy.learning.holdout
        policy.cost = spec.object("cost").flatMap(cost)
        if let tune = spec.object("tune") {
            policy.tune = self.tune(tune)
            check(tuningIn: tune, at: spec.writtenKeys["tune"] ?? tune.place, policy)
        }
        return policy
    }

    /// The mappings of a list; a name that is given twice is an error.
    mutating func unique(_ list: [Parsed]?, _ what: String) -> [ParsedObject] {
        var seen: [String: Place] = [:]
        let objects = (list ?? []).compactMap(\.object)
        for object in objects {
            guard let name = object.text("name") else { continue }
            let place = object.place(of: "name")
            if let first = seen[name] { log.error(place, "a second \(what) named '\(name)'; the first is in line \(first.line)") }
            seen[name] = seen[name] ?? place
        }
        return objects
    }

    private mutating func target(_ spec: ParsedObject) -> Policy.Target {
        guard let target = spec.object("target") else { return .none }
        if let simulator = target.object("simulator") {
            return .simulator(.init(profile: simulator.text("profile"), seed: UInt64(max(0, simulator.integer("seed") ?? 1))))
        }
        if let command = target.object("command") { return .command(commandTarget(command)) }
        guard let kubernetes = target.object("kubernetes") else { return .none }
        let reference = kubernetes.object("scaleTargetRef")
        return .kubernetes(
            .init(
                namespace: kubernetes.text("namespace") ?? "", apiVersion: reference?.text("apiVersion") ?? "apps/v1",
                kind: reference?.text("kind") ?? "", name: reference?.text("name") ?? ""))
    }

    private func objective(_ object: ParsedObject) -> Policy.Objective {
        var objective = Policy.Objective()
        for metric in LatencyMetric.allCases {
            for entry in object.object(metric.rawValue)?.entries ?? [] {
                guard let statistic = LatencyStatistic(fileName: entry.key), case .duration(let limit) = entry.value.value else { continue }
                objective.latencies.append(.init(metric: metric, statistic: statistic, limit: limit))
            }
        }
        objective.errorRate = object.number("errorRate")
        objective.throughput = object.number("throughput")
        objective.tokensPerSecond = object.number("tokensPerSecond")
        objective.attainment = object.number("attainment") ?? objective.attainment
        return objective
    }

    private mutating func monitor(_ object: ParsedObject) -> Policy.Monitor {
        var monitor = Policy.Monitor()
        monitor.interval = object.duration("interval") ?? monitor.interval
        monitor.staleAfter = object.duration("staleAfter") ?? monitor.interval * 3
        if monitor.staleAfter < monitor.interval {
            log.error(
                object.place(of: "staleAfter"),
                "'staleAfter' \(FigureText.duration(monitor.staleAfter)) is shorter than the interval of \(FigureText.duration(monitor.interval)): "
                    + "every reading would be stale")
        }
        monitor.sources = unique(object.list("sources"), "source").compactMap { source($0) }
        return monitor
    }

    private mutating func login(_ object: ParsedObject) -> Policy.Source.Login? {
        let user = object.text("user")
        if let name = object.text("secretFromEnvironment") { return .init(user: user, place: .environment(name)) }
        if let path = object.text("secretFromFile") { return .init(user: user, place: .file(path)) }
        if user != nil {
            log.error(object.place(of: "user"), "'user' without a secret: add 'secretFromEnvironment' or 'secretFromFile'")
        }
        return nil
    }

    private mutating func source(_ object: ParsedObject) -> Policy.Source? {
        let name = object.text("name") ?? ""
        if let probe = object.object("probe") {
            var kind = Policy.Source.Probe(
                endpoint: probe.text("endpoint") ?? "", provider: probe.text("provider") ?? "", model: probe.text("model") ?? "",
                rate: probe.number("rate") ?? 1)
            kind.tokensPerHour = probe.integer("tokensPerHour")
            kind.keyFromEnvironment = probe.text("keyFromEnvironment")
            kind.keyFromFile = probe.text("keyFromFile")
            return Policy.Source(name: name, kind: .probe(kind))
        }
        if let server = object.object("prometheus") {
            var kind = Policy.Source.Prometheus(
                url: server.text("url") ?? "", preset: server.text("preset"), selector: server.texts("selector"),
                queries: server.texts("queries"))
            kind.login = login(server)
            return Policy.Source(name: name, kind: .prometheus(kind))
        }
        if let pages = object.object("scrape") {
            let urls = pages.text("url").map { [$0] } ?? (pages.list("urls") ?? []).compactMap(\.text)
            var kind = Policy.Source.Scrape(urls: urls, preset: pages.text("preset") ?? "", selector: pages.texts("selector"))
            kind.login = login(pages)
            return Policy.Source(name: name, kind: .scrape(kind))
        }
        guard let files = object.object("import") else { return nil }
        return Policy.Source(name: name, kind: .importFiles(paths: (files.list("paths") ?? []).compactMap(\.text)))
    }

    private func verification(_ object: ParsedObject) -> Policy.Verification {
        var verify = Policy.Verification()
        verify.settle = object.duration("settle") ?? verify.settle
        verify.window = object.duration("window") ?? verify.window
        verify.minSamples = object.integer("minSamples") ?? verify.minSamples
        verify.rollbackIfWorseBy = object.number("rollbackIfWorseBy") ?? verify.rollbackIfWorseBy
        verify.onInconclusive = object.choice("onInconclusive") ?? verify.onInconclusive
        verify.canary = object.choice("canary")
        return verify
    }

    func schedule(_ object: ParsedObject) -> Policy.Schedule? {
        // Texts that are no schedule were reported when the field was checked.
        guard let text = object.text("cron"), let cron = try? CronExpression(text) else { return nil }
        return Policy.Schedule(cron: cron, timezone: object.text("timezone") ?? "UTC")
    }

    private func cost(_ object: ParsedObject) -> Policy.Cost? {
        guard let price = object.number("perReplicaHour") else { return nil }
        return Policy.Cost(perReplicaHour: price, currency: object.text("currency") ?? "USD")
    }
}
