import Learning

/// What is known of a canary: its buckets with the control group's, in order of time and by phase.
public struct CanaryEvidence: Sendable, Codable, Hashable {
    /// Both groups ran alike.
    public var before: [CanaryBucket]
    /// The change was being applied: replicas come and go, only what is plainly wrong counts.
    public var applying: [CanaryBucket]
    /// The change was applied but had not settled: latencies do not count, tripwires do.
    public var settling: [CanaryBucket]
    /// One group ran with the change.
    public var after: [CanaryBucket]
    /// Which of the canary's replicas changed nodes with the change; `nil` where none did.
    public var relocation: CanaryRelocation?

    public init(
        before: [CanaryBucket] = [], applying: [CanaryBucket] = [], settling: [CanaryBucket] = [], after: [CanaryBucket] = [],
        relocation: CanaryRelocation? = nil
    ) {
        self.before = before
        self.applying = applying
        self.settling = settling
        self.after = after
        self.relocation = relocation
    }
}

/// Compares a canary with its control group, by how their difference changed.
///
/// May be asked after every bucket: all bounds hold at every look together, and what was decided stays decided.
public func verify(_ evidence: CanaryEvidence, plan: VerificationPlan) -> VerificationFinding {
    var comparison = CanaryComparison(evidence, plan: plan)
    for (bucket, isApplied) in evidence.applying.map({ ($0, false) }) + evidence.settling.map({ ($0, true) }) {
        comparison.settle(bucket, isApplied: isApplied)
        if let tripwire = comparison.tripwire { return comparison.finding(.decided(.worsened, by: .tripwire(tripwire))) }
        if let failure = comparison.failure { return comparison.finding(.decided(.worsened, by: .canaryFailsUsers(failure))) }
    }
    for bucket in evidence.after {
        comparison.observe(bucket)
        if let (verdict, reason) = comparison.decision { return comparison.finding(.decided(verdict, by: reason)) }
    }
    return comparison.finding(.watching(comparison.progress))
}

/// The buckets of a canary, one by one.
struct CanaryComparison {
    private let plan: VerificationPlan
    private let terms: CanaryTerms
    private var metrics: [PairedMetric]
    private var missed: MissedObjectives
    private var alarms: CanaryAlarms
    private let replicas: Int?
    private let relocation: CanaryRelocation?
    private let levelDeviation: Double
    private var haveGroupsChanged = false
    private var observed = Duration.zero
    /// What the guards of an objective look at; empty without one.
    private var guarded = CanaryEvidence()

    /// - Parameter evidence: Its buckets before the change are taken up; the others are to be handed over one by one.
    init(_ evidence: CanaryEvidence, plan: VerificationPlan) {
        self.plan = plan
        terms = plan.canaryTerms
        let before = evidence.before
        if plan.objective != nil {
            guarded.before = before
            guarded.applying = evidence.applying
        }
        let levelDeviation = evidence.levelDeviation(under: terms)
        self.levelDeviation = levelDeviation
        relocation = evidence.relocation
        metrics = ComparedMetric.allCases.map { PairedMetric($0, before: before, levelDeviation: levelDeviation, plan: plan) }
        missed = MissedObjectives(before: before)
        alarms = CanaryAlarms(before: before, terms: terms)
        replicas = before.last { $0.control.readyReplicas != nil }?.control.readyReplicas
    }

    mutating func settle(_ bucket: CanaryBucket, isApplied: Bool) {
        alarms.observe(bucket, countsSilence: isApplied)
        if isApplied, plan.objective != nil { guarded.settling.append(bucket) }
    }

    mutating func observe(_ bucket: CanaryBucket) {
        observed += bucket.length
        alarms.observe(bucket)
        missed.observe(bucket)
        if plan.objective != nil { guarded.after.append(bucket) }
        haveGroupsChanged = haveGroupsChanged || !bucket.hasGroups(of: replicas)
        for position in metrics.indices { metrics[position].observe(bucket) }
    }

    var tripwire: Tripwire? { alarms.tripwire }

    /// What latencies of answered requests do not tell, where an objective lets them rise: a clause.
    var failure: String? {
        guard plan.objective != nil else { return nil }
        let backlog = BacklogGuard()
        let stagnation = guarded.after.isEmpty && !guarded.isDrained ? backlog.stagnation(in: guarded) : nil
        return backlog.harm(in: guarded) ?? MissGuard().harm(in: guarded) ?? stagnation
    }

    /// Safety first, then what makes the rest worthless, then harm, then benefit, then the clock.
    var decision: (Verdict, VerificationFinding.Guard)? {
        if let tripwire { return (.worsened, .tripwire(tripwire)) }
        if haveGroupsChanged { return (.unmeasured, .groupsChanged) }
        if let failure { return (.worsened, .canaryFailsUsers(failure)) }
        if let harmed = metrics.first(where: \.isHarmed) { return (.worsened, .harm(harmed.metric)) }
        if missed.evidence >= terms.missedEvidence, missed.excess > terms.toleratedMisses {
            return (.worsened, .missedObjective(odds: missed.evidence))
        }
        if plan.objective.map({ objectiveFinding?.isHarm($0) ?? false }) ?? false { return (.worsened, .objectiveRose) }
        if let benefit = benefit(isLast: false) { return (.improved, benefit) }
        if plan.objective != nil, let found = objectiveFinding, found.isHopeless(plan) { return (.inconclusive, .objectiveHopeless) }
        guard observed >= plan.timeLimit else { return nil }
        if let benefit = benefit(isLast: true) { return (.improved, benefit) }
        return decisive.allSatisfy(\.isMeasured) ? (.inconclusive, .timeLimit) : (.unmeasured, .tooLittleData)
    }

    private var objectiveFinding: ObjectiveFinding? { plan.objective?.finding(metrics.map(\.finding)) }

    private func benefit(isLast: Bool) -> VerificationFinding.Guard? {
        if let objective = plan.objective {
            guard let found = objectiveFinding, found.isImprovement(plan) else { return nil }
            return isLast || found.interval.upperBound < objective.nonInferiority ? .objectiveFell : nil
        }
        let judged = metrics.filter { plan.judged.contains($0.metric) }
        guard judged.allSatisfy({ isLast ? $0.isNotHarmedAtLast : $0.isNotHarmed }) else { return nil }
        guard let aimed = plan.aim.metric else { return .noHarm }
        let isImproved = metrics.contains { $0.metric == aimed && (isLast ? $0.isImprovedAtLast : $0.isImproved) }
        return isImproved ? .benefit(aimed) : nil
    }

    private var decisive: [PairedMetric] {
        if let objective = plan.objective { return metrics.filter { objective.weight(of: $0.metric) > 0 } }
        return metrics.filter { plan.aim.metric.map { [$0] }?.contains($0.metric) ?? plan.judged.contains($0.metric) }
    }

    /// Why the groups cannot be compared, given what so many buckets before the change showed; `nil` where they can.
    func obstacle(ofBuckets count: Int) -> VerificationFinding.Guard? {
        if !decisive.allSatisfy({ $0.isCovered(of: count) }) { return .tooLittleData }
        if let objective = plan.objective {
            guard let found = objective.difference(metrics.map(\.finding)) else { return .tooLittleData }
            let isAlike = abs(found.logRatio) <= 3 * found.deviation + terms.toleratedDifference
            return isAlike ? nil : .objectiveNotComparable(difference: found.logRatio)
        }
        for metric in metrics where plan.judged.contains(metric.metric) {
            if let difference = metric.incomparableDifference { return .notComparable(metric.metric, difference: difference) }
        }
        return nil
    }

    var progress: VerificationFinding.Progress {
        .init(
            blocks: decisive.map(\.after.count).min() ?? 0, blocksNeeded: terms.minimumBuckets,
            remaining: max(.zero, plan.timeLimit - observed))
    }

    func finding(_ state: VerificationFinding.State) -> VerificationFinding {
        var finding = VerificationFinding(
            state: state, mode: .canary, metrics: metrics.map(\.finding), errors: alarms.errors, observed: observed, explanation: "")
        finding.objective = objectiveFinding
        let places = observed > .zero ? sentence(relocation, levelDeviation: levelDeviation) : nil
        finding.explanation = ([canaryExplanation(of: finding, plan: plan)] + [places].compactMap(\.self)).joined(separator: " ")
        return finding
    }
}

extension CanaryBucket {
    /// Whether both groups have so many replicas, where anybody counts them.
    func hasGroups(of replicas: Int?) -> Bool {
        CanaryGroup.allCases.allSatisfy { group in self[group].readyReplicas.map { $0 == replicas ?? $0 } ?? true }
            && (canary.readyReplicas == nil || control.readyReplicas == nil || canary.readyReplicas == control.readyReplicas)
    }
}
