public import Learning
public import Policies
import Statistics
public import Verification

extension VerificationPlan {
    /// The plan under a policy for a change that is to do what a prediction says.
    /// - Parameters:
    ///   - prediction: `nil` where nobody predicted anything: then the change is only not to do harm.
    ///   - objectives: How the limits stand before the change. What lies well within its limit may rise up to nine tenths of it: more slots
    ///     cost time per token, and an objective that leaves room for that means it.
    public init(_ policy: Policy, prediction: PredictedEffect? = nil, objectives: [ObjectiveReport] = []) {
        self.init(policy.verify, objective: policy.objective, aim: prediction.map(Self.aim) ?? .holdLatency)
        headroom = Self.headroom(objectives)
        // A policy that looks more often than every 15 s wants its answers sooner.
        blockLength = min(blockLength, max(policy.monitor.interval, .seconds(1)))
        if policy.monitor.seesProbesOnly {
            knowsLoad = false
            blockLength = max(blockLength, Self.blockLength(probesPerSecond: policy.monitor.probesPerSecond))
        }
    }

    /// Whole seconds in which twice as many probes come as a block needs, so that few blocks are lost to chance; a minute at most.
    private static func blockLength(probesPerSecond rate: Double) -> Duration {
        guard rate > 0.1 else { return .seconds(60) }
        return .seconds(Int((6 / rate).rounded(.up)))
    }

    /// Share of a limit that a change may use up.
    private static let usableShare = 0.9
    /// A metric that no limit is about may double, where others are limited.
    private static let unlimited = naturalLogarithm(2)

    private static func headroom(_ objectives: [ObjectiveReport]) -> [ComparedMetric: Double] {
        var room: [ComparedMetric: Double] = [:]
        for report in objectives {
            guard case .atMost(.latency(let latency, _)) = report.subject else { continue }
            for metric in ComparedMetric.behind(latency) {
                let left =
                    report.observed.flatMap { $0 > 0 && report.limit > 0 ? naturalLogarithm(usableShare * report.limit / $0) : nil } ?? 0
                room[metric] = min(room[metric] ?? .infinity, left)
            }
        }
        guard !room.isEmpty else { return [:] }
        for metric in ComparedMetric.allCases where room[metric] == nil { room[metric] = unlimited }
        return room.filter { $0.value > 0 }
    }
}

extension VerificationFinding {
    /// What was decided; `nil` while watching.
    public var verdict: Verdict? {
        if case .decided(let verdict, _) = state { verdict } else { nil }
    }

    /// The effect on the metric that has the clearest one, for the learner.
    var clearestEffect: MeasuredEffect? {
        ComparedMetric.allCases.compactMap { self[$0]?.measuredEffect }.min { $0.standardError < $1.standardError }
    }
}

extension MetricFinding {
    fileprivate var measuredEffect: MeasuredEffect? {
        guard let effect, let interval else { return nil }
        return MeasuredEffect(
            logRatio: effect.logRatio, standardError: effect.deviation, lower: interval.lowerBound, upper: interval.upperBound)
    }
}

extension CanaryTrial {
    /// What its two groups showed of the change, by outcome: only of a canary that was judged by its latencies, and by enough buckets of them.
    /// What crashed or failed was measured by the requests that survived it.
    var contrasts: [Outcome: MeasuredEffect] {
        guard let finding = course?.finding, case .decided(let verdict, by: let reason) = finding.state,
            verdict != .unmeasured, verdict != .superseded
        else { return [:] }
        if case .tripwire = reason { return [:] }
        var contrasts: [Outcome: MeasuredEffect] = [:]
        for metric in finding.metrics where metric.after.used >= plan.canaryTerms.minimumBuckets {
            switch metric.metric {
            case .timeToFirstToken: contrasts[.timeToFirstToken] = metric.measuredEffect
            case .timePerOutputToken: contrasts[.timePerOutputToken] = metric.measuredEffect
            }
        }
        return contrasts
    }
}
