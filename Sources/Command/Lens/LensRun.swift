import BenchmarkFiles
import BenchmarkResults
import Foundation
import LatencyLens
import LoadGeneration
import Measurements
import Policies
import Probing
import Synchronization
import Transport

/// Runs a plan: every target under every scenario, one after the other.
struct LensRun: Sendable {
    let plan: BenchmarkPlan
    /// Read before anything is sent.
    let scenarios: [Scenario]
    let targets: [LensTarget]
    let prices: PriceTable
    let progress = LensProgress()

    /// - Throws: `CommandFailure`, before anything is sent.
    init(_ plan: BenchmarkPlan) throws {
        self.plan = plan
        do {
            scenarios = try plan.scenarios.map { try $0.scenario() }
            for (planned, scenario) in zip(plan.scenarios, scenarios) {
                let problems = [scenario.problem] + planned.stages(of: scenario).map(\.problem)
                if let problem = problems.compactMap(\.self).first { throw CommandFailure(problem) }
            }
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw CommandFailure("\(error)")
        }
        prices = try Self.prices(plan.priceFile)
        let client: HTTPClient
        do throws(TransportError) {
            client = try HTTPClient(settings: .measuring(streams: 4_200))
        } catch {
            throw CommandFailure("cannot start the HTTP client: \(error.cause)", status: .unreachable)
        }
        targets = try plan.targets.map { try LensTarget($0, client: client, timeout: plan.execution.timeout) }
    }

    private static func prices(_ file: String?) throws -> PriceTable {
        guard let file else { return .bundled }
        do {
            return PriceTable.bundled.overridden(by: try PriceFile.table(String(contentsOfFile: file, encoding: .utf8)))
        } catch let error as PriceFileError {
            throw CommandFailure(error.problems.map { "\(file):\($0)" }.joined(separator: "\n"))
        } catch {
            throw CommandFailure("cannot read the prices of \(file): \(error)")
        }
    }

    var options: SummaryOptions {
        SummaryOptions(objective: plan.execution.objective?.objective, prices: prices, discardsStartUp: plan.execution.discardsStartUp)
    }

    /// Everything that was measured; less than was asked for where the task was cancelled.
    func run() async throws -> [BenchmarkRun] {
        defer { progress.end() }
        let calibration = try await calibrated()
        var runs: [BenchmarkRun] = []
        for target in targets where !Task.isCancelled { runs.append(try await run(target, calibration)) }
        return runs
    }

    private func run(_ target: LensTarget, _ calibration: ClientCalibration?) async throws -> BenchmarkRun {
        var run = BenchmarkRun(
            id: UUID(), tool: "llm-auto-optimizer", toolVersion: LLMAutoOptimizer.version, startedAt: .now, model: target.facts,
            seed: plan.execution.seed)
        run.hardware = plan.hardware
        run.calibration = calibration
        run.parameters = plan.parameters
        var left = try budget(of: target)
        for (planned, scenario) in zip(plan.scenarios, scenarios) {
            if Task.isCancelled || run.stoppedEarly != nil { break }
            let (results, knee) = try await stages(planned, scenario, target, left)
            run.stages += results.map(\.stage)
            if let knee { run.knees.append(knee) }
            run.stoppedEarly = results.lazy.compactMap(\.stoppedEarly).first
            left = left.less(results.flatMap(\.stage.records))
            if let requests = left.requests, requests < 1 { run.stoppedEarly = run.stoppedEarly ?? "the budget of requests is used up" }
        }
        if Task.isCancelled { run.stoppedEarly = run.stoppedEarly ?? "cancelled" }
        return run
    }

    private func stages(
        _ planned: PlannedScenario, _ scenario: Scenario, _ target: LensTarget, _ budget: Budget
    ) async throws -> ([StageResult], KneeFinding?) {
        var settings = RunSettings(seed: plan.execution.seed)
        settings.retry = plan.execution.retry
        settings.limits = target.planned.limits
        settings.breaker = plan.execution.breaker
        settings.budget = budget
        settings.sampling = planned.sampling
        settings.ignoresEndOfSequence = planned.ignoresEndOfSequence
        settings.isStreamed = planned.isStreamed
        let objective = plan.execution.objective
        let runner: LoadRunner
        do throws(InvalidLoad) {
            runner = try LoadRunner(exchange: target.exchange, key: target.key, scenarios: [scenario], settings: settings) { record in
                objective?.isMet(by: record) ?? record.measurement.succeeded
            }
        } catch {
            throw CommandFailure("\(error)")
        }
        let watching = Task { for await look in runner.progress { progress.show(look) } }
        defer { watching.cancel() }
        do throws(InvalidLoad) {
            guard case .knee(let schedule, let search, let cap) = planned.load else {
                return (try await runner.run(planned.stages(of: scenario)), nil)
            }
            let tried = Mutex<[Double: Int]>([:])
            let (knee, probes) = try await runner.findKnee(search) { rate in
                let times = tried.withLock { tried in
                    tried[rate, default: 0] += 1
                    return tried[rate, default: 0]
                }
                // A rate is tried again where its interval did not decide; stages of one name could not be told apart.
                let again = times > 1 ? ", time \(times)" : ""
                return planned.stage("rate \(FigureText.number(rate))/s\(again)", .open(schedule.arrivals(rate), maximumInFlight: cap))
            }
            progress.end()
            let finding = knee.map { knee in
                KneeFinding(
                    scenario: planned.name, highestGoodRate: knee.highestGood, lowestBadRate: knee.lowestBad, probes: knee.probes,
                    reason: knee.reason)
            }
            return (probes, finding)
        } catch {
            throw CommandFailure("\(error)")
        }
    }

    private func budget(of target: LensTarget) throws -> Budget {
        var budget = plan.execution.budget
        guard budget.money != nil else { return budget }
        guard let price = prices.price(provider: target.exchange.provider.name, model: target.planned.model) else {
            throw CommandFailure(
                "a budget of money needs the price of \(target.planned.model), which is not known; give a price file with --prices")
        }
        budget.price = TokenPrice(inputPerMillion: price.inputPerMillion, outputPerMillion: price.outputPerMillion)
        return budget
    }

    private func calibrated() async throws -> ClientCalibration? {
        guard plan.execution.calibrates else { return nil }
        do throws(CalibrationFailure) {
            return try await Calibration.measure(streams: min(10_000, max(1, streams)))
        } catch {
            Terminal.standardError("warning: \(error)\n")
            return nil
        }
    }

    /// As many requests as will be under way, where the plan says it.
    private var streams: Int {
        plan.scenarios.map { scenario in
            switch scenario.load {
            case .closed(let values): values.max() ?? 1
            case .open(_, _, let cap), .ramp(_, _, _, let cap), .trace(_, let cap), .knee(_, _, let cap): cap ?? 64
            }
        }.max() ?? 1
    }
}

extension Budget {
    /// What requests leave of it.
    fileprivate func less(_ records: [RequestRecord]) -> Budget {
        var left = self
        let used = records.reduce(into: (requests: 0, input: 0, output: 0)) { sum, record in
            sum.requests += 1 + record.earlierAttempts.count
            sum.input += record.measurement.inputTokens ?? 0
            sum.output += record.measurement.outputTokens ?? 0
        }
        left.requests = requests.map { $0 - used.requests }
        left.tokens = tokens.map { max(1, $0 - used.input - used.output) }
        if let money, let price { left.money = max(1e-12, money - price.cost(inputTokens: used.input, outputTokens: used.output)) }
        return left
    }
}

extension PlannedObjective {
    fileprivate var objective: BenchmarkObjective {
        let limits: [(BenchmarkMetric, Nanoseconds?)] = [
            (.timeToFirstToken, timeToFirstToken), (.timePerOutputToken, timePerOutputToken), (.interTokenLatency, interTokenLatency),
            (.endToEnd, endToEnd),
        ]
        return BenchmarkObjective(
            limits: limits.compactMap { metric, limit in limit.map { .init(metric: metric, limit: $0) } }, attainment: attainment)
    }

    /// Whether a request met every limit; one that was not measured is missed.
    fileprivate func isMet(by record: RequestRecord) -> Bool {
        guard record.measurement.succeeded else { return false }
        let gaps = record.measurement.chunkGaps ?? []
        let meanGap = gaps.isEmpty ? nil : Nanoseconds(gaps.reduce(Nanoseconds(0), +).count / Int64(gaps.count))
        let limited: [(Nanoseconds?, Nanoseconds?)] = [
            (timeToFirstToken, record.scheduledTimeToFirstToken), (timePerOutputToken, record.measurement.timePerOutputToken),
            (interTokenLatency, meanGap), (endToEnd, record.scheduledEndToEnd),
        ]
        return limited.allSatisfy { limit, value in limit.map { limit in value.map { $0 <= limit } ?? false } ?? true }
    }
}

/// Does something that is cancelled when the user asks to stop.
func interruptible<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
    let task = Task { try await work() }
    let watching = Task {
        while !Task.isCancelled {
            if Interruption.isRequested { return task.cancel() }
            // Cancellation ends the loop.
            try? await Task.sleep(for: .milliseconds(50))
        }
    }
    defer { watching.cancel() }
    return try await task.value
}
