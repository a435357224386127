public import Measurements
public import Policies
import Statistics

/// Builds the snapshot of a cycle from what its sources delivered.
public struct SnapshotBuilder: Sendable {
    private let policy: Policy
    private let windows: MeasurementWindows
    private let reported: ReportedResults?
    private let sources: [SourceDescription]
    private let state: TargetState
    private let history: ControlHistory

    /// - Parameters:
    ///   - windows: All measurements, with panes at least as fine as the policy's interval.
    ///   - reported: A tool's own figures, which answer only for what was not measured request by request.
    public init(
        policy: Policy, windows: MeasurementWindows, reported: ReportedResults?, sources: [SourceDescription], state: TargetState,
        history: ControlHistory
    ) {
        self.policy = policy
        self.windows = windows
        self.reported = reported
        self.sources = sources
        self.state = state
        self.history = history
    }

    /// The snapshot of an imported run as of its newest measurement.
    ///
    /// A run shorter than the longest window or hold time of the policy, or one without times, is evaluated as a whole.
    /// - Parameter now: When the evaluation takes place, for runs that tell no times.
    public func importedRun(now: Timestamp) -> Snapshot {
        let end = windows.newest
        let length = runLength
        let wanted = policy.triggers.map { max($0.window, $0.holdFor) }.max() ?? policy.objectiveWindow
        let whole = end == nil || length.map { $0 < wanted } ?? true
        var statistics = WindowStatistics(
            whole ? windows.whole : windows.window(endingAt: end ?? now, length: policy.longestWindow),
            span: whole ? length.map { Nanoseconds(seconds: $0.inSeconds) } : nil)
        if whole, length == nil {
            statistics.requestsPerSecond = nil
            statistics.inputTokensPerSecond = nil
            statistics.outputTokensPerSecond = nil
        }
        var snapshot = Snapshot(policy: policy.name, time: end ?? now, window: statistics, bottleneck: bottleneck(statistics))
        snapshot.sources = sources
        let firstTokens = windows.whole.distribution(of: .timeToFirstToken)
        snapshot.fastestTimeToFirstToken =
            firstTokens.count > 0 ? firstTokens.moments.minimum : reported?.latencies[.timeToFirstToken]?.minimum
        snapshot.groups = windows.groups.sorted { $0.key < $1.key }.map {
            GroupStatistics(key: $0.key, statistics: WindowStatistics($0.statistics))
        }
        snapshot.reported = reported
        snapshot.state = state
        snapshot.history = whole ? history : historyBefore(end ?? now)
        snapshot.wholeRun = whole ? length ?? .zero : nil
        snapshot.anomalies = anomaliesFound(end)
        snapshot.readings = readings(whole: whole, end: end, statistics: statistics)
        return snapshot
    }

    /// The history as it would be had the controller watched the run: triggers evaluated at every interval before its end.
    private func historyBefore(_ end: Timestamp) -> ControlHistory {
        var result = history
        let interval = max(policy.monitor.interval, windows.paneWidth.duration)
        let longestHold = policy.triggers.map(\.holdFor).max() ?? .zero
        let steps = Int(min((longestHold.inSeconds / interval.inSeconds).rounded(.up), Double(MeasurementWindows.maximumPanes)))
        for step in (0..<steps).reversed() {
            let time = end.advanced(by: .zero - interval * (step + 1))
            let source = WindowReadings(windows: windows, end: time, whole: nil, policy: policy, state: state)
            for trigger in policy.triggers {
                let evaluation = evaluate(
                    trigger.condition, window: trigger.window, minSamples: trigger.minSamples, staleAfter: policy.monitor.staleAfter,
                    source: source)
                let state = result.triggers[trigger.name] ?? TriggerState()
                result.triggers[trigger.name] =
                    advance(
                        trigger, state, evaluation, now: time, longestGap: policy.monitor.longestEvaluationGap
                    ).state
            }
        }
        return result
    }

    /// Time during which requests were sent and answered: of one run what its tool says, of several the time that at least one of them ran.
    ///
    /// `nil` where a source tells neither its times nor how long it took: then no rate is known.
    private var runLength: Duration? {
        let runs = sources.flatMap(\.runs)
        guard runs.count > 1 else { return runs.first?.duration?.duration ?? WindowStatistics(windows.whole).span?.duration }
        var intervals: [(start: Int64, end: Int64)] = []
        var unplaced: Int64 = 0
        for run in runs {
            guard let duration = run.duration?.count, duration > 0 else { return nil }
            if let start = run.start?.nanosecondsSinceEpoch {
                intervals.append((start, start + duration))
            } else {
                unplaced += duration
            }
        }
        return Nanoseconds(unplaced + covered(intervals)).duration
    }

    /// Length of the union of intervals.
    private func covered(_ intervals: [(start: Int64, end: Int64)]) -> Int64 {
        var total: Int64 = 0
        var reached = Int64.min
        for interval in intervals.sorted(by: { $0.start < $1.start }) {
            total += max(0, interval.end - max(interval.start, reached))
            reached = max(reached, interval.end)
        }
        return total
    }

    private func bottleneck(_ statistics: WindowStatistics) -> Bottleneck {
        guard let reported, !reported.utilization.isEmpty else { return statistics.bottleneck }
        var filled = statistics
        filled.utilization = reported.utilization
        return filled.bottleneck
    }

    private func anomaliesFound(_ end: Timestamp?) -> [Anomaly] {
        guard let end else { return [] }
        let series = windows.series(endingAt: end, length: .seconds(86_400 * 365))
        return anomalies(in: series, paneWidth: windows.paneWidth)
    }

    private func readings(whole: Bool, end: Timestamp?, statistics: WindowStatistics) -> [RecordedReading] {
        let measured = WindowReadings(windows: windows, end: end, whole: whole ? runLength ?? .zero : nil, policy: policy, state: state)
        let told = reported.map {
            ReportedReadings(
                results: $0, completed: sources.flatMap(\.runs).last?.completed, duration: runLength, policy: policy, state: state)
        }
        func answer(_ question: PolicyQuestion) -> Reading {
            let reading = measured.reading(question.query, over: question.window)
            guard reading == .unknown(.missing), let told else { return reading }
            return told.reading(question.query, over: question.window)
        }
        return policy.questions.map { question in
            RecordedReading(query: question.query, window: question.window, reading: answer(question))
        }
    }
}
