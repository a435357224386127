public import Learning
public import Measurements

/// A canary from its first bucket to its verdict: what to wait for, and what follows from what came.
///
/// A value: whoever carries the canary out hands it buckets, does what ``phase`` says, and may store and resume it at any time.
///
///     var course = CanaryCourse(plan: plan, start: now)
///     course.observe(bucket)                     // After every bucket.
///     if course.phase == .applying { … }         // Give the canary the change once, and then
///     course.applied(at: now)                    // all its replicas are ready with it.
///     if let verdict = course.verdict { … }      // Promote on `improved`, otherwise take the change back.
public struct CanaryCourse: Sendable, Codable, Hashable {
    public let plan: VerificationPlan
    public let start: Timestamp
    /// The node of each replica of the canary before the change; `nil` where nobody tells.
    private let nodes: [String?]?
    public private(set) var phase = Phase.comparing
    /// When the phase began.
    public private(set) var phaseStart: Timestamp
    public private(set) var evidence = CanaryEvidence()
    /// What is known so far.
    public private(set) var finding: VerificationFinding

    public enum Phase: String, Sendable, Codable, Hashable, CaseIterable {
        /// Both groups run alike.
        case comparing
        /// The canary is to get the change, or is getting it.
        case applying
        /// The change is in force; the canary's cache fills.
        case warming
        case settling
        /// The groups are compared with the change in force.
        case observing
        /// ``finding`` is final.
        case ended
    }

    /// - Parameters:
    ///   - start: Of the first bucket.
    ///   - nodes: The node of each replica of the canary, `nil` for one that is not known.
    public init(plan: VerificationPlan, start: Timestamp, nodes: [String?]? = nil) {
        self.plan = plan
        self.start = start
        self.nodes = nodes
        phaseStart = start
        finding = verify(CanaryEvidence(), plan: plan)
    }

    public var verdict: Verdict? { finding.verdict }

    /// Takes the next bucket, in order of time; after the end it is ignored.
    public mutating func observe(_ bucket: CanaryBucket) {
        switch phase {
        case .comparing: compare(bucket)
        case .applying:
            evidence.applying.append(bucket)
            judge()
        case .warming, .settling:
            evidence.settling.append(bucket)
            judge()
            settle(at: bucket.end)
        case .observing:
            evidence.after.append(bucket)
            judge()
        case .ended: break
        }
    }

    /// The canary's replicas are all ready with the change. Ignored where nobody asked for it.
    /// - Parameter nodes: The node of each of them now. Where it was not told before or is not told now, all count as on other nodes, which
    ///   hides effects below some 15 %; see ``CanaryTerms/hardwareDeviation``.
    public mutating func applied(at time: Timestamp, nodes: [String?]? = nil) {
        guard phase == .applying else { return }
        evidence.relocation = relocation(to: nodes)
        enter(.warming, at: time)
    }

    private func relocation(to nodes: [String?]?) -> CanaryRelocation {
        if let before = self.nodes, let nodes { return CanaryRelocation(from: before, to: nodes) }
        let replicas = nodes?.count ?? self.nodes?.count ?? evidence.before.last?.canary.readyReplicas ?? 1
        return CanaryRelocation(moved: replicas, of: replicas)
    }

    private mutating func compare(_ bucket: CanaryBucket) {
        evidence.before.append(bucket)
        let comparison = CanaryComparison(evidence, plan: plan)
        finding = comparison.finding(.watching(comparison.progress))
        guard bucket.hasGroups(of: evidence.before[0].control.readyReplicas) else {
            return end(comparison.finding(.decided(.unmeasured, by: .groupsChanged)))
        }
        guard bucket.end.since(start).duration >= plan.canaryTerms.preperiod else { return }
        if let obstacle = comparison.obstacle(ofBuckets: evidence.before.count) {
            return end(comparison.finding(.decided(.unmeasured, by: obstacle)))
        }
        enter(.applying, at: bucket.end)
    }

    private mutating func settle(at time: Timestamp) {
        let elapsed = time.since(phaseStart).duration
        if phase == .warming, isWarm || elapsed >= plan.canaryTerms.warmUpLimit {
            enter(.settling, at: time)
        } else if phase == .settling, elapsed >= plan.canaryTerms.settle,
            evidence.isDrained || elapsed >= plan.canaryTerms.drainLimit ?? .zero
        {
            enter(.observing, at: time)
        }
    }

    /// Whether both groups found nearly the same share of their prompts in the cache, in the last buckets together.
    private var isWarm: Bool {
        let warming = evidence.settling.suffix(Self.bucketsOfHitRate)
        guard warming.count == Self.bucketsOfHitRate else { return false }
        let rates = CanaryGroup.allCases.map { group in
            var sum = GroupBucket()
            for bucket in warming {
                guard let cached = bucket[group].cachedTokens else { continue }
                sum.cachedTokens = (sum.cachedTokens ?? 0) + cached
                sum.inputTokens += bucket[group].inputTokens
            }
            return sum.hitRate
        }
        guard let canary = rates[0], let control = rates[1] else { return false }
        return abs(canary - control) <= plan.canaryTerms.hitRateTolerance
    }

    private static let bucketsOfHitRate = 3

    private mutating func judge() {
        finding = verify(evidence, plan: plan)
        if finding.verdict != nil { end(finding) }
    }

    private mutating func end(_ finding: VerificationFinding) {
        self.finding = finding
        let last = evidence.after.last ?? evidence.settling.last ?? evidence.applying.last ?? evidence.before.last
        enter(.ended, at: last?.end ?? start)
    }

    private mutating func enter(_ next: Phase, at time: Timestamp) {
        phase = next
        phaseStart = time
    }
}
