import ArgumentParser
import BenchmarkFiles
import Documents
import LoadGeneration
import Measurements
import PolicyFiles

/// What is asked of whom, and how much of it: a file, or flags.
struct LoadOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A file of providers, scenarios, execution and output, instead of the flags below.", valueName: "file"))
    var config: String?

    @OptionGroup var target: TargetOptions

    @Option(help: ArgumentHelp("What is asked.", valueName: "text"))
    var prompt: String?

    @Option(help: ArgumentHelp("A file of prompts: JSON lines, or one prompt a line.", valueName: "file"))
    var dataset: String?

    @Option(help: ArgumentHelp("A recorded workload: its times and lengths are replayed.", valueName: "file"))
    var trace: String?

    @Option(help: ArgumentHelp("Tokens of prompts that are made up: a number or MIN-MAX.", valueName: "tokens"))
    var inputTokens: String?

    @Option(help: ArgumentHelp("Tokens asked for at most: a number or MIN-MAX; 256 unless told.", valueName: "tokens"))
    var outputTokens: String?

    @Option(name: [.customShort("n"), .long], help: ArgumentHelp("Requests of each stage; 100 without a duration.", valueName: "count"))
    var iterations: Int?

    @Option(help: ArgumentHelp("Length of each stage, such as 60s.", valueName: "duration"))
    var duration: String?

    @Option(
        name: [.customShort("c"), .long], help: ArgumentHelp("Requests under way; several after commas are a sweep.", valueName: "count"))
    var concurrency: String?

    @Option(
        help: ArgumentHelp(
            "Requests a second whether or not earlier ones were answered; several after commas are a sweep.", valueName: "rate"))
    var rate: String?

    @Option(
        help: ArgumentHelp("How evenly the requests of a rate come: constant, poisson, or gamma:SHAPE for bursts.", valueName: "schedule"))
    var schedule: String?

    @Flag(help: "Search the highest rate at which the objective is met.")
    var findKnee = false

    @Flag(inversion: .prefixedNo, help: "Whether answers come piece by piece.")
    var stream = true

    @Option(help: ArgumentHelp("First requests of each stage that do not count.", valueName: "count"))
    var warmupRequests = 0

    @Option(help: ArgumentHelp("A limit that makes a request good, such as ttft=500ms; also tpot, itl, e2e.", valueName: "limit"))
    var objective: [String] = []

    @Option(help: ArgumentHelp("Share of requests that must be good, such as 95%.", valueName: "ratio"))
    var attainment: String?

    @Option(help: ArgumentHelp("Attempts at a request, the first included.", valueName: "count"))
    var maxAttempts = 1

    @Option(help: ArgumentHelp("Of each request.", valueName: "duration"))
    var timeout = "60s"

    @Option(help: ArgumentHelp("The most requests a target may be asked, failed attempts included.", valueName: "count"))
    var budgetRequests: Int?

    @Option(help: ArgumentHelp("The most tokens a target may use.", valueName: "count"))
    var budgetTokens: Int?

    @Option(help: ArgumentHelp("The most money a target may cost, in the currency of its price.", valueName: "amount"))
    var budgetMoney: Double?

    @Option(help: ArgumentHelp("A file of prices that go before the bundled ones.", valueName: "file"))
    var prices: String?

    @Option(help: ArgumentHelp("Of everything random: the same seed asks the same.", valueName: "number"))
    var seed: UInt64 = 1

    @Flag(help: "Measure this client's own error first, against a server on this machine.")
    var calibrate = false

    /// - Throws: `CommandFailure` with every mistake of a file, or the first of the flags.
    func plan(outputs: [String]) throws -> BenchmarkPlan {
        var plan = try config.map { try filePlan($0) } ?? flagPlan()
        plan.outputs += outputs.map { PlannedOutput(path: $0) }
        return plan
    }

    private func filePlan(_ file: String) throws -> BenchmarkPlan {
        let isAlone =
            target.isEmpty && [prompt, dataset, trace, inputTokens, concurrency, rate, duration].allSatisfy { $0 == nil }
            && iterations == nil
        guard isAlone else {
            throw CommandFailure("--config says all of the load: leave out the flags of target, prompts and load beside it")
        }
        let bytes: [UInt8]
        do {
            bytes = try FileContent.read(path: file, limitBytes: 1 << 20)
        } catch {
            throw CommandFailure("cannot read \(file): \(error)")
        }
        let parse = parseBenchmark(bytes, file: file, formats: ResultFormat.names)
        if !parse.diagnostics.isEmpty { Terminal.standardError(parse.report) }
        guard var plan = parse.plan else { throw ExitStatus.invalidInput }
        if calibrate { plan.execution.calibrates = true }
        if let prices { plan.priceFile = prices }
        return plan
    }

    private func flagPlan() throws -> BenchmarkPlan {
        var scenario = PlannedScenario(prompts: try prompts())
        if let outputTokens { scenario.outputTokens = try Self.lengths(outputTokens, "--output-tokens") }
        scenario.isStreamed = stream
        if warmupRequests > 0 { scenario.warmUp = .requests(warmupRequests) }
        let length = try duration.map { try Self.time($0, "--duration") }
        scenario.stop = StopRules(
            requests: iterations ?? (length == nil && !findKnee ? PlannedScenario.customaryRequests : nil), time: length)
        if findKnee, scenario.stop.isEndless { scenario.stop.time = Nanoseconds(seconds: 30) }
        scenario.load = try plannedLoad()
        var plan = BenchmarkPlan(targets: try target.targets(), scenarios: [scenario])
        plan.execution = try execution()
        plan.priceFile = prices
        return plan
    }

    private func execution() throws -> PlannedExecution {
        var execution = PlannedExecution()
        execution.seed = seed
        execution.retry.maximumAttempts = maxAttempts
        execution.timeout = try Self.time(timeout, "--timeout").duration
        execution.budget = Budget(requests: budgetRequests, tokens: budgetTokens, money: budgetMoney)
        execution.calibrates = calibrate
        if !objective.isEmpty || attainment != nil { execution.objective = try plannedObjective() }
        if findKnee, execution.objective == nil { throw CommandFailure("--find-knee needs --objective, such as ttft=500ms") }
        return execution
    }

    private func plannedObjective() throws -> PlannedObjective {
        var planned = PlannedObjective()
        for text in objective {
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw CommandFailure("--objective \(text): expected a limit such as ttft=500ms") }
            let limit = try Self.time(parts[1], "--objective")
            switch parts[0] {
            case "ttft": planned.timeToFirstToken = limit
            case "tpot": planned.timePerOutputToken = limit
            case "itl": planned.interTokenLatency = limit
            case "e2e": planned.endToEnd = limit
            default: throw CommandFailure("--objective \(text): unknown latency '\(parts[0])'; known are ttft, tpot, itl, e2e")
            }
        }
        guard planned.hasLimits else { throw CommandFailure("--attainment needs --objective, such as ttft=500ms") }
        if let attainment {
            let isPercent = attainment.hasSuffix("%")
            guard let number = Double(isPercent ? String(attainment.dropLast()) : attainment), number >= 0, number <= (isPercent ? 100 : 1)
            else { throw CommandFailure("--attainment \(attainment): expected a share such as 95% or 0.95") }
            planned.attainment = isPercent ? number / 100 : number
        }
        return planned
    }

    private func prompts() throws -> PlannedScenario.Prompts {
        let given = [prompt, dataset, trace, inputTokens].compactMap(\.self)
        guard given.count == 1 else {
            throw CommandFailure("say what is asked with one of --prompt, --dataset, --trace, --input-tokens; or give a file with --config")
        }
        if let prompt { return .text(prompt) }
        if let dataset { return .dataset(path: dataset) }
        if let trace { return .trace(path: trace) }
        return .lengths(try Self.lengths(inputTokens ?? "", "--input-tokens"))
    }

    private func plannedLoad() throws -> PlannedLoad {
        let values = try concurrency.map {
            try Self.list($0, "--concurrency") { Int($0).flatMap { (1...100_000).contains($0) ? $0 : nil } }
        }
        let schedule = try plannedSchedule()
        guard rate != nil || findKnee || trace != nil else {
            if self.schedule != nil { throw CommandFailure("--schedule is of a rate: add --rate") }
            return .closed(concurrencies: values ?? [1])
        }
        if let values, values.count > 1 { throw CommandFailure("with a rate or a trace --concurrency is one limit, found \(values.count)") }
        let cap = values?.first
        if findKnee {
            let start = try rate.map { try Self.rates($0) }?.first ?? 1
            let search = KneeSearch.Settings(start: start, bounds: min(0.1, start / 10)...max(10_000, start))
            return .knee(schedule, search: search, maximumInFlight: cap)
        }
        if let rate { return .open(schedule, rates: try Self.rates(rate), maximumInFlight: cap) }
        return .trace(speed: 1, maximumInFlight: cap)
    }

    private func plannedSchedule() throws -> PlannedSchedule {
        switch schedule {
        case nil, "poisson": return .poisson
        case "constant": return .constant
        case let text?:
            guard text.hasPrefix("gamma:"), let shape = Double(text.dropFirst(6)), (0.01...1e6).contains(shape) else {
                throw CommandFailure("--schedule \(text): expected constant, poisson or gamma:SHAPE such as gamma:0.5")
            }
            return .gamma(shape: shape)
        }
    }

    // MARK: Texts

    static func time(_ text: String, _ option: String) throws -> Nanoseconds {
        do {
            let duration = try parseDuration(text)
            guard duration > .zero else { throw CommandFailure("\(option) \(text): expected more than nothing") }
            return Nanoseconds(seconds: duration.inSeconds)
        } catch let refusal as DurationRefusal {
            throw CommandFailure("\(option) \(text): \(refusal)")
        }
    }

    private static func rates(_ text: String) throws -> [Double] {
        try list(text, "--rate") { part in
            Double(part.hasSuffix("/s") ? String(part.dropLast(2)) : part).flatMap { $0 > 0 && $0 <= 1e6 ? $0 : nil }
        }
    }

    private static func list<Value>(_ text: String, _ option: String, _ value: (String) -> Value?) throws -> [Value] {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        let values = parts.compactMap { value($0.trimmingWhitespace) }
        guard values.count == parts.count, (1...100).contains(values.count) else {
            throw CommandFailure("\(option) \(text): expected a number above 0, or up to 100 of them after commas, such as 1,2,4")
        }
        return values
    }

    private static func lengths(_ text: String, _ option: String) throws -> TokenLengths {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        let lengths: TokenLengths? =
            switch (parts.count, parts.first ?? nil, parts.last ?? nil) {
            case (1, let count?, _): .fixed(count)
            case (2, let low?, let high?) where low <= high: .uniform(low...high)
            default: nil
            }
        guard let lengths, lengths.problem == nil else {
            throw CommandFailure("\(option) \(text): expected tokens in \(TokenLengths.limits), such as 200 or 100-500")
        }
        return lengths
    }
}

extension Substring {
    fileprivate var trimmingWhitespace: String { String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
}
