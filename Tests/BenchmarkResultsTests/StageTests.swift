import Foundation
import Measurements
import Statistics
import TestSupport
import Testing

@testable import BenchmarkResults

@Suite struct StageTests {
    private static func summary(
        _ stage: BenchmarkStage, _ change: (inout BenchmarkRun) -> Void = { _ in }, _ options: SummaryOptions = SummaryOptions()
    ) throws -> StageSummary {
        var run = RunMaker.run([stage])
        change(&run)
        return try #require(BenchmarkSummary(run, options: options).stages.first)
    }

    @Test("a frozen server is in the figures from the schedule, and hidden in those as sent behind a cap")
    func coordinatedOmission() throws {
        // 40 requests/s, 8 at a time: in a freeze of 2 s the client sends nothing, then catches up.
        let records = (0..<800).map { index -> RequestRecord in
            let intended = Double(index) / 40
            let wait = intended > 8 && intended < 10 ? 10 - intended : 0
            return RunMaker.record(at: intended, wait: wait, first: 0.05, perToken: 0.005, tokens: 16)
        }
        let stage = try Self.summary(RunMaker.stage(records, rate: 40, concurrency: 8))
        let scheduled = try #require(stage.whole.latencies[.endToEnd])
        let asSent = try #require(stage.whole.latencies[.endToEndAsSent])
        #expect(asSent.maximum < 0.13 && scheduled.maximum > 2)
        let tail = try #require(scheduled.figure(at: .p99))
        // The ninth longest of the waits, which go up to 1.975 s, and 0.125 s of service.
        #expect(tail.value.map { abs($0 - 1.9) < 0.001 } == true)
        #expect(tail.interval == nil && tail.caution != nil, "80 requests in one freeze are one event; of the next run's it says nothing")
        #expect(stage.warnings.contains { $0.hasPrefix("Requests went out later than their schedule") && $0.contains("limit of 8") })
    }

    @Test("four tokens an event are four tokens, told by the server event by event or in all")
    func bundledTokens() throws {
        for isTold in [true, false] {
            let records = (0..<50).map { index -> RequestRecord in
                var record = RunMaker.record(at: Double(index), wait: 0, first: 0.2, perToken: 0.04, tokens: 16)
                record.measurement.outputTokens = 64
                record.tokensPerEvent = isTold ? Array(repeating: 4, count: 16) : nil
                return record
            }
            let whole = try Self.summary(RunMaker.stage(records, rate: 1)).whole
            let perToken = try #require(whole.latencies[.interTokenLatency])
            #expect(abs(perToken.mean - 0.01) < 1e-9 && perToken.value(at: .p50).map { abs($0 - 0.01) < 1e-9 } == true)
            #expect(whole.latencies[.eventGap].map { abs($0.mean - 0.04) < 1e-9 } == true)
            // 0.6 s from first to last content; 60 tokens after those of the first, or 63 where that is not known.
            #expect(whole.latencies[.timePerOutputToken].map { abs($0.mean - (isTold ? 0.6 / 60 : 0.6 / 63)) < 1e-8 } == true)
        }
    }

    @Test("an event without a token adds its gap to the next one's")
    func emptyEvent() {
        var record = RunMaker.record(at: 0, wait: 0, first: 0.2, perToken: 0.01, tokens: 4)
        record.tokensPerEvent = [1, 0, 2, 1]
        let gaps = record.weightedGaps(.interTokenLatency)
        #expect(gaps.map(\.weight) == [2, 1] && gaps.allSatisfy { abs($0.value - 0.01) < 1e-12 })
    }

    @Test("a start-up is told, and left out where that is asked for")
    func startUp() throws {
        let records = (0..<400).map { index -> RequestRecord in
            let first = (index < 50 ? 1.0 - Double(index) / 60 : 0.2) + Double(index % 7) / 200
            return RunMaker.record(at: Double(index) / 10, wait: 0, first: first, perToken: 0.01, tokens: 10)
        }
        let stage = RunMaker.stage(records, rate: 10)
        let kept = try Self.summary(stage)
        let finding = try #require(kept.steadyState)
        #expect(finding.isReached && !finding.isDiscarded && (40...60).contains(finding.startUpRequests))
        #expect(kept.whole.counts.completed == 400 && kept.warnings.contains { $0.contains("look like a start-up (MSER-5)") })
        let cut = try Self.summary(stage, { _ in }, SummaryOptions(discardsStartUp: true))
        #expect(cut.whole.counts.discarded == finding.startUpRequests && cut.whole.counts.completed == 400 - finding.startUpRequests)
        #expect(try #require(cut.whole.latencies[.timeToFirstToken]).maximum < 0.5)
        #expect(abs((cut.whole.throughput.span - stage.duration + finding.startUpTime).seconds) < 1e-9)
    }

    @Test("what speaks against figures is said in plain words")
    func warnings() throws {
        var stage = RunMaker.noisyStage(300, failing: 30)
        for index in stage.records.indices {
            stage.records[index].moments.intended = stage.records[index].moments.intended - Nanoseconds(milliseconds: index > 250 ? 300 : 0)
            stage.records[index].tokensAreEstimated = index < 20
        }
        stage.unsent = 17
        stage.pressure = HostPressure(cpuStalled: 0.3, stolen: 0.05, busy: 0.97)
        let summary = try Self.summary(stage) { run in
            run.calibration = ClientCalibration(
                streams: 64, requests: 500, firstTokenErrorMedian: Nanoseconds(milliseconds: 12),
                firstTokenErrorP99: Nanoseconds(milliseconds: 60),
                achievedShare: 0.91, cpuSecondsPer1000Requests: 2)
        }
        try expectGolden(summary.warnings.joined(separator: "\n") + "\n", "warnings.txt")
    }

    @Test("a quiet, calibrated run has nothing said against it")
    func quiet() throws {
        let summary = try Self.summary(RunMaker.noisyStage(600)) { run in
            run.calibration = ClientCalibration(
                streams: 64, requests: 500, firstTokenErrorMedian: Nanoseconds(milliseconds: 0.1),
                firstTokenErrorP99: Nanoseconds(milliseconds: 0.6),
                achievedShare: 0.999, cpuSecondsPer1000Requests: 0.3)
        }
        #expect(summary.warnings.isEmpty, "\(summary.warnings)")
    }

    @Test("a stage without requests, and one where all failed, have counts and no figures")
    func nothing() throws {
        let empty = try Self.summary(
            BenchmarkStage(label: "s", load: OfferedLoad(shape: .closed, concurrency: 1), duration: Nanoseconds(0), records: []))
        #expect(empty.whole.latencies.isEmpty && empty.whole.counts.errorRate == nil && empty.whole.throughput.requestsPerSecond == nil)
        let failed = try Self.summary(RunMaker.noisyStage(20, failing: 20))
        #expect(failed.whole.counts.failed == 20 && failed.whole.latencies[.timeToFirstToken] == nil)
        #expect(failed.whole.counts.errorRate == 1 && failed.whole.throughput.requestsPerSecond == 0)
    }

    @Test("a server that claims absurd numbers of tokens neither traps nor overflows")
    func absurdTokens() throws {
        var stage = RunMaker.noisyStage(30)
        for index in stage.records.indices {
            stage.records[index].measurement.outputTokens = index.isMultiple(of: 2) ? .max : .min
            stage.records[index].measurement.inputTokens = .max
            stage.records[index].cachedInputTokens = .min
            stage.records[index].reasoningTokens = .max
            stage.records[index].tokensPerEvent =
                index.isMultiple(of: 3) ? nil : stage.records[index].tokensPerEvent?.map { _ in index < 15 ? .max : .min }
        }
        let whole = try Self.summary(stage, { _ in }, RunMaker.options).whole
        #expect(whole.tokens.input.map { $0 > 0 } == true && whole.cost.total.map { $0 > 0 && $0.isFinite } == true)
        #expect(HistogramLog(RunMaker.run([stage])).entries.allSatisfy { $0.histogram.value(at: .p99) != nil })
    }

    @Test("groups of provider, model and scenario have their own figures and share the stage's time")
    func groups() throws {
        let records = (0..<200).map { index in
            RunMaker.record(
                at: Double(index) / 10, wait: 0, first: index.isMultiple(of: 2) ? 0.1 : 0.3, perToken: 0.01, tokens: 10,
                scenario: index.isMultiple(of: 2) ? "short" : "long")
        }
        let stage = try Self.summary(RunMaker.stage(records, rate: 10))
        #expect(stage.groups.map(\.group?.scenario) == ["long", "short"] && stage.groups.map(\.counts.completed) == [100, 100])
        #expect(stage.groups[1].latencies[.timeToFirstToken].map { abs($0.mean - 0.1) < 1e-9 } == true)
        let rates = stage.groups.compactMap(\.throughput.requestsPerSecond).reduce(0, +)
        #expect(abs(rates - (stage.whole.throughput.requestsPerSecond ?? 0)) < 1e-9)
    }

    @Test("the objective is judged request by request, failures missing it")
    func goodput() throws {
        let records = (0..<100).map { index -> RequestRecord in
            var record = RunMaker.record(at: Double(index) / 10, wait: 0, first: index < 80 ? 0.1 : 0.5, perToken: 0.01, tokens: 10)
            if index >= 95 { record.measurement.error = InferenceError(type: "timeout") }
            return record
        }
        var options = SummaryOptions(
            objective: BenchmarkObjective(
                limits: [.init(metric: .timeToFirstToken, limit: Nanoseconds(milliseconds: 200))], attainment: 0.9))
        let goodput = try #require(try Self.summary(RunMaker.stage(records, rate: 10), { _ in }, options).whole.goodput)
        #expect(goodput.met == 80 && goodput.missed == 20 && goodput.attainment == 0.8 && goodput.isReached == false)
        #expect(goodput.attainmentInterval.map { $0.lower < 0.72 && $0.upper > 0.85 } == true)
        options.objective = BenchmarkObjective(limits: [.init(metric: .tls, limit: Nanoseconds(1))])
        let unjudged = try #require(try Self.summary(RunMaker.stage(records, rate: 10), { _ in }, options).whole.goodput)
        #expect(unjudged.notJudged == 95 && unjudged.missed == 5 && unjudged.isReached == nil)
    }
}
