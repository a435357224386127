import Learning
import Measurements
public import Policies
import Statistics

/// Holds the figures of a snapshot against the objective, and against the thresholds of triggers that fire.
struct ObjectiveAssessment {
    let policy: Policy
    let readings: any ReadingSource

    /// One report per limit of the objective, in the order of the policy.
    func reports(_ snapshot: Snapshot) -> [ObjectiveReport] {
        limits().map { report($0) } + [attainment(snapshot)].compactMap(\.self)
    }

    /// How far each limit is missed or kept; limits whose figure is not known are not among them.
    ///
    /// - Parameter firing: Triggers whose true comparisons count as limits of their own.
    func gaps(firing: [Trigger]) -> [ObjectiveGap] {
        var gaps: [String: ObjectiveGap] = [:]
        for limit in limits() + firing.flatMap(thresholds) {
            guard let gap = gap(limit) else { continue }
            if let known = gaps[gap.name], known.excess >= gap.excess { continue }
            gaps[gap.name] = gap
        }
        return gaps.values.sorted { ($0.excess, $1.name) > ($1.excess, $0.name) }
    }

    private static let smallestRatio = 1e-3

    private struct Limit {
        var query: MetricQuery
        var window: Duration
        var limit: Double
        /// +1 where more is worse, −1 where less is worse.
        var direction: Double
    }

    private func limits() -> [Limit] {
        let window = policy.objectiveWindow
        var limits = policy.objective.latencies.map {
            Limit(query: .latency($0.metric, $0.statistic), window: window, limit: $0.limit.inSeconds, direction: 1)
        }
        if let rate = policy.objective.throughput {
            limits.append(Limit(query: .throughput, window: window, limit: rate, direction: -1))
        }
        if let rate = policy.objective.tokensPerSecond {
            limits.append(Limit(query: .tokensPerSecond, window: window, limit: rate, direction: -1))
        }
        if let rate = policy.objective.errorRate {
            limits.append(Limit(query: .errorRate, window: window, limit: rate, direction: 1))
        }
        return limits
    }

    /// A threshold that is there to notice idleness or cost is no limit to be kept.
    private func thresholds(of trigger: Trigger) -> [Limit] {
        guard [.latencyThreshold, .throughputThreshold, .errorRateThreshold, .slaViolation].contains(trigger.type) else { return [] }
        return trigger.condition.leaves.compactMap { leaf in
            guard case .compare(let query, let comparison, let threshold, let window) = leaf.test, threshold > 0 else { return nil }
            switch query {
            case .latency, .throughput, .tokensPerSecond, .errorRate: break
            default: return nil
            }
            let direction: Double = comparison == .below ? -1 : 1
            return Limit(query: query, window: window ?? trigger.window, limit: threshold, direction: direction)
        }
    }

    private func report(_ limit: Limit) -> ObjectiveReport {
        let subject: ObjectiveReport.Subject = limit.direction > 0 ? .atMost(limit.query) : .atLeast(limit.query)
        switch readings.reading(limit.query, over: limit.window) {
        case .value(let value):
            let met = limit.direction > 0 ? value.value <= limit.limit : value.value >= limit.limit
            return ObjectiveReport(subject: subject, limit: limit.limit, observed: value.value, met: met)
        case .unknown(let unknown): return ObjectiveReport(subject: subject, limit: limit.limit, unknown: unknown)
        }
    }

    private func attainment(_ snapshot: Snapshot) -> ObjectiveReport? {
        guard !policy.objective.latencies.isEmpty else { return nil }
        let compliance = snapshot.window.compliance
        let target = policy.objective.attainment
        return ObjectiveReport(
            subject: .attainment(compliance), limit: target, observed: compliance.attainment,
            met: compliance.attainment.map { $0 >= target })
    }

    private func gap(_ limit: Limit) -> ObjectiveGap? {
        guard case .value(let value) = readings.reading(limit.query, over: limit.window), limit.limit > 0 else { return nil }
        // A figure of zero is as far from its limit as this scale goes: no throughput at all is a miss, no errors are none.
        let ratio = max(value.value / limit.limit, Self.smallestRatio)
        return ObjectiveGap(
            name: limit.query.description, outcome: limit.query.outcome, excess: limit.direction * naturalLogarithm(ratio),
            direction: limit.direction)
    }
}

extension Policy {
    /// The window objectives are judged over: the longest any trigger looks at.
    public var objectiveWindow: Duration { triggers.map(\.window).max() ?? .seconds(300) }
}

extension MetricQuery {
    /// The figure a change moves when it moves this one.
    var outcome: Outcome? {
        switch self {
        case .latency(.endToEnd, _): .endToEnd
        case .latency(.timeToFirstToken, _), .latency(.queue, _), .latency(.prefill, _), .latency(.network, _): .timeToFirstToken
        case .latency: .timePerOutputToken
        case .throughput, .tokensPerSecond: .throughput
        case .errorRate: .errorRate
        case .costPerThousandTokens: .cost
        default: nil
        }
    }
}
