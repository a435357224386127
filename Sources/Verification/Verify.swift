import Learning
public import Measurements
import Statistics

/// What was measured, by how it was measured.
public enum ChangeEvidence: Sendable, Codable, Hashable {
    /// The whole pool before and after the change; the time in which it settled is in neither.
    ///
    /// Blocks without requests belong in, as time passes in them too.
    case temporal(before: [LatencyBlock], after: [LatencyBlock])
    /// Some replicas with the change beside as many without it, at the same time.
    case canary(CanaryEvidence)
}

/// Whether a change made things better or worse.
///
/// May be asked after every block: all bounds hold at every look together, and an answer that was decided stays decided, in the same
/// words, however many blocks follow. Equal input gives equal output.
public func verify(_ evidence: ChangeEvidence, plan: VerificationPlan) -> VerificationFinding {
    switch evidence {
    case .temporal(let before, let after): verify(before: before, after: after, plan: plan)
    case .canary(let evidence): verify(evidence, plan: plan)
    }
}

/// Compares the whole pool before and after a change as an interrupted time series.
///
/// - Parameters:
///   - before: In any order, up to the moment of the change; about 110 are best, fewer than `minimumBlocksBefore` give no comparison.
///   - after: From the end of the settling time on.
public func verify(before: [LatencyBlock], after: [LatencyBlock], plan: VerificationPlan) -> VerificationFinding {
    precondition(plan.blockLength >= .milliseconds(1), "a block has a length of at least 1 ms, got \(plan.blockLength)")
    precondition(plan.triggerBlocks >= 0, "the number of blocks left out is not negative, got \(plan.triggerBlocks)")
    let series = LoadSeries(before: before, after: after, length: plan.blockLength, knowsLoad: plan.knowsLoad)
    var test = InterruptedSeries(before: series.before, plan: plan)
    for entry in series.after {
        test.observe(entry)
        if let (verdict, reason) = test.decision { return test.finding(.decided(verdict, by: reason)) }
    }
    return test.finding(.watching(test.progress))
}

/// The blocks after a change, one by one, against those before it.
private struct InterruptedSeries {
    let plan: VerificationPlan
    private var monitors: [MetricMonitor]
    private var failures: FailureDetector
    private var errors: VerificationFinding.ErrorFinding
    private var usualEndToEnd: Duration?
    private var firstIndex: Int?
    private var observed = Duration.zero
    private var silence = Duration.zero
    private var arrivalsInSilence = 0

    init(before: ArraySlice<LoadSeries.Entry>, plan: VerificationPlan) {
        self.plan = plan
        monitors = ComparedMetric.allCases.map { MetricMonitor($0, before: before, plan: plan) }
        let calm = before.dropLast(plan.triggerBlocks)
        let requests = calm.reduce(0) { $0 + $1.block.requests }
        let failed = calm.reduce(0) { $0 + $1.block.failed }
        let tolerated = plan.tripwires.toleratedErrorRate(failedBefore: failed, requestsBefore: requests)
        failures = FailureDetector(tolerated: tolerated)
        errors = .init(requestsBefore: requests, failedBefore: failed, requests: 0, failed: 0, tolerated: tolerated)
        usualEndToEnd = Self.usualEndToEnd(calm)
    }

    mutating func observe(_ entry: LoadSeries.Entry) {
        let first = firstIndex ?? entry.index
        firstIndex = first
        observed = plan.blockLength * (entry.index - first + 1)
        errors.requests += entry.block.requests
        errors.failed += entry.block.failed
        failures.observe(failed: entry.block.failed, requests: entry.block.requests)
        let isSilent = entry.block.requests == entry.block.failed
        silence = isSilent ? silence + plan.blockLength : .zero
        arrivalsInSilence = isSilent ? arrivalsInSilence + (entry.block.arrivals ?? 0) : 0
        for position in monitors.indices { monitors[position].observe(entry) }
    }

    /// Safety first, then harm, then benefit, then the clock.
    var decision: (Verdict, VerificationFinding.Guard)? {
        if let tripwire { return (.worsened, .tripwire(tripwire)) }
        if let harmed = monitors.first(where: \.isHarmed) { return (.worsened, .harm(harmed.metric)) }
        if let benefit { return (.improved, benefit) }
        guard observed >= plan.timeLimit else { return nil }
        return decisive.allSatisfy(\.isMeasured) ? (.inconclusive, .timeLimit) : (.unmeasured, .tooLittleData)
    }

    private var tripwire: Tripwire? {
        if failures.isTripped(plan.tripwires) {
            return .errors(failed: errors.failed, requests: errors.requests, tolerated: errors.tolerated)
        }
        let patience = max(plan.tripwires.stall, (usualEndToEnd ?? .zero) * 3)
        let isStalled = silence >= patience && arrivalsInSilence >= plan.tripwires.minimumStalledRequests
        return isStalled ? .stalled(for: silence) : nil
    }

    private var benefit: VerificationFinding.Guard? {
        let judged = monitors.filter { plan.judged.contains($0.metric) }
        guard let aimed = plan.aim.metric else { return judged.allSatisfy(\.isNotHarmed) ? .noHarm : nil }
        let others = judged.filter { $0.metric != aimed }
        let isImproved = monitors.contains { $0.metric == aimed && $0.isImproved }
        return isImproved && others.allSatisfy(\.isNotHarmed) ? .benefit(aimed) : nil
    }

    /// The metrics without which nothing can be said.
    private var decisive: [MetricMonitor] {
        monitors.filter { plan.aim.metric.map { [$0] }?.contains($0.metric) ?? plan.judged.contains($0.metric) }
    }

    var progress: VerificationFinding.Progress {
        .init(
            blocks: decisive.map(\.after.used).min() ?? 0, blocksNeeded: plan.minimumBlocks,
            remaining: max(.zero, plan.timeLimit - observed))
    }

    func finding(_ state: VerificationFinding.State) -> VerificationFinding {
        let metrics = monitors.map(\.finding)
        var finding = VerificationFinding(
            state: state, mode: .temporal, metrics: metrics, errors: errors, observed: observed, explanation: "")
        finding.explanation = explanation(of: finding, plan: plan)
        return finding
    }

    /// What a request took in all, from the means of its parts.
    private static func usualEndToEnd(_ entries: ArraySlice<LoadSeries.Entry>) -> Duration? {
        let seconds = entries.compactMap { entry -> Double? in
            guard let first = ComparedMetric.timeToFirstToken.mean(of: entry.block)?.mean,
                let perToken = ComparedMetric.timePerOutputToken.mean(of: entry.block)?.mean
            else { return nil }
            let whole = exponential(first) + entry.load.outputTokens * exponential(perToken)
            return whole.isFinite ? min(whole, 3_600) : nil
        }
        return seconds.isEmpty ? nil : .seconds(fractional: seconds.reduce(0, +) / Double(seconds.count))
    }
}
