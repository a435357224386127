import Measurements
import Statistics

/// What speaks against the figures of a whole run.
enum RunWarnings {
    static func texts(_ run: BenchmarkRun, stages: [StageSummary]) -> [String] {
        var texts: [String] = []
        if let reason = run.stoppedEarly {
            texts.append("The run ended before everything asked for was done: \(ForeignText.printable(reason)).")
        }
        if run.calibration == nil {
            texts.append("The client's own error was not measured; at many streams it can be larger than what is measured.")
        }
        return texts + [oldPrices(run, stages)].compactMap(\.self)
    }

    private static func oldPrices(_ run: BenchmarkRun, _ stages: [StageSummary]) -> String? {
        guard let oldest = stages.compactMap(\.whole.cost.pricesAsOf).min(), let day = Timestamp(iso8601: oldest + "T00:00:00Z") else {
            return nil
        }
        let days = Int(run.startedAt.since(day).seconds / 86_400)
        return days > 180 ? "Prices are of \(oldest), \(days) days before the run; give today's in a price file." : nil
    }
}

/// What speaks against the figures of a stage.
enum StageWarnings {
    static func texts(_ stage: StageSummary, calibration: ClientCalibration?) -> [String] {
        [
            lateSchedule(stage), calibration.flatMap { clientLimited(stage, $0) }, stage.pressure.flatMap(busyHost), startUp(stage),
            errors(stage),
            estimatedTokens(stage), refused(stage), uncertain(stage), unsent(stage),
        ].compactMap(\.self)
    }

    /// Requests went out later than the schedule wanted by what a reader of the figures would notice.
    private static func lateSchedule(_ stage: StageSummary) -> String? {
        guard stage.load.isOpen, let lag = stage.whole.latencies[.scheduleLag] else { return nil }
        let tail = lag.value(at: .p99) ?? lag.maximum
        let typical = stage.whole.latencies[.endToEndAsSent]?.mean ?? 0
        guard tail > 0.010, tail > 0.05 * typical else { return nil }
        let name = lag.value(at: .p99) == nil ? "at most" : "1 % of them by more than"
        let retried = stage.whole.counts.retriedRequests
        let late =
            "Requests went out later than their schedule, \(name) \(FigureText.milliseconds(tail))"
            + (retried > 0 ? " (\(retried) of them because they were retried)" : "")
        guard let cap = stage.load.concurrency else {
            return "\(late): the client could not keep the schedule. "
                + "Latencies from the schedule contain that wait; the server's own are those as sent."
        }
        return "\(late): the limit of \(cap) requests under way held them back. "
            + "Users who come at that rate wait as long; latencies from the schedule say so."
    }

    private static func clientLimited(_ stage: StageSummary, _ calibration: ClientCalibration) -> String? {
        guard let first = stage.whole.latencies[.timeToFirstTokenAsSent] else { return nil }
        let typical = first.median ?? first.mean
        let error = calibration.firstTokenErrorMedian.seconds
        if error > 0.02 * typical || calibration.achievedShare < 0.95 {
            return "Limited by the client: with \(calibration.streams) streams it adds \(FigureText.milliseconds(error)) "
                + "to a first token that comes after \(FigureText.milliseconds(typical)), "
                + "and reaches \(FigureText.percent(calibration.achievedShare)) of the rate. Use more processors or fewer streams."
        }
        if let concurrency = stage.whole.throughput.meanConcurrency, concurrency > 1.5 * Double(calibration.streams) {
            return "The client's own error was measured with \(calibration.streams) streams; "
                + "here \(FigureText.significant(concurrency)) were under way."
        }
        return nil
    }

    private static func busyHost(_ pressure: HostPressure) -> String? {
        var reasons: [String] = []
        if let stalled = pressure.cpuStalled, stalled > 0.10 {
            reasons.append("tasks waited for a processor \(FigureText.percent(stalled)) of the time")
        }
        if let stolen = pressure.stolen, stolen > 0.02 {
            reasons.append("the hypervisor gave \(FigureText.percent(stolen)) of the processor time to others")
        }
        if let busy = pressure.busy, busy > 0.9 { reasons.append("\(FigureText.percent(busy)) of all processors were in use") }
        return reasons.isEmpty ? nil : "The client's machine was short of processor time: \(reasons.joined(separator: ", "))."
    }

    private static func startUp(_ stage: StageSummary) -> String? {
        guard let finding = stage.steadyState else { return nil }
        let length = "\(finding.startUpRequests) requests, \(FigureText.seconds(finding.startUpTime.seconds))"
        if !finding.isReached { return "Not steady: the latency had not settled in the first half of the stage. Run it longer." }
        if finding.isDiscarded { return "The start-up was left out: \(length) (MSER-5)." }
        let share = Double(finding.startUpRequests) / Double(max(1, stage.whole.counts.sent))
        return share > 0.1 ? "The first \(length), look like a start-up (MSER-5) and are in the figures." : nil
    }

    private static func errors(_ stage: StageSummary) -> String? {
        guard let rate = stage.whole.counts.errorRate, rate > 0.01 else { return nil }
        return "\(FigureText.percent(rate)) of the requests failed; latencies are of the others only."
    }

    private static func estimatedTokens(_ stage: StageSummary) -> String? {
        guard stage.whole.tokens.isEstimated else { return nil }
        let tokens = stage.whole.tokens
        return "The output tokens of \(tokens.estimatedRequests) of \(tokens.requestsWithOutput) requests are a count of events: "
            + "the server did not tell them."
    }

    private static func refused(_ stage: StageSummary) -> String? {
        guard let refused = stage.whole.latencies[.endToEnd]?.percentiles.first(where: { $0.refusal != nil }),
            let shortage = refused.refusal,
            refused.level <= .p99
        else { return nil }
        return "Too few requests for \(refused.level) and above: \(shortage)."
    }

    private static func uncertain(_ stage: StageSummary) -> String? {
        let caution = stage.whole.latencies[.endToEnd]?.percentiles.first { $0.caution != nil && $0.level <= .p99 }?.caution
        return caution.map { "No interval can be given for \($0.level) and above: \($0)." }
    }

    private static func unsent(_ stage: StageSummary) -> String? {
        let unsent = stage.whole.counts.unsent
        return unsent > 0 ? "\(unsent) requests of the schedule were never sent." : nil
    }
}
