public import Learning
public import Measurements
public import Verification

/// What an experiment is told at every look.
public struct ExperimentObservation: Sendable, Hashable {
    public var now: Timestamp
    /// `nil` where the target could not be seen.
    public var fleet: FleetState?
    /// How the groups differed while they were alike, log units of the objective; `nil` while too little was measured.
    public var alike: AlikeReading?
    /// What the comparison says since the change; `nil` while too little was measured.
    public var comparison: ComparisonReading?
    /// What ``BacklogGuard`` or ``MissGuard`` says: the canary falls behind, or serves nobody in time.
    public var backlog: String?
    /// Something so plainly wrong that no statistics are needed.
    public var tripwire: Tripwire?
    /// Of the whole pool against the time before, while a change is on probation; `nil` while nothing is decided.
    public var pool: Verdict?
    public var load: LoadReading?
    /// Why what is measured no longer means what it should: other changes, another version, lost nodes.
    public var disturbance: String?
    /// Experiments have spent their part of the error budget.
    public var isBudgetSpent = false

    public init(now: Timestamp) { self.now = now }
}

/// What runs where.
public struct FleetState: Sendable, Codable, Hashable {
    /// Of the canary; as the pool's where there are no groups.
    public var canary: Configuration
    /// Of all others.
    public var others: Configuration
    /// Share of the replicas that run the canary's configuration, `0...1`.
    public var canaryShare: Double
    /// Canary and control stand apart, as large as each other.
    public var hasGroups: Bool
    /// All replicas that are to be there are ready with what they are to run.
    public var isReady: Bool
    /// The cache of the canary is as warm as that of the control.
    public var isWarm: Bool
    /// The canary has answered what it took in before the change: what waited under the old configuration says nothing of the new one.
    public var isDrained: Bool

    public init(
        canary: Configuration, others: Configuration, canaryShare: Double, hasGroups: Bool, isReady: Bool = true, isWarm: Bool = true,
        isDrained: Bool = true
    ) {
        self.canary = canary
        self.others = others
        self.canaryShare = canaryShare
        self.hasGroups = hasGroups
        self.isReady = isReady
        self.isWarm = isWarm
        self.isDrained = isDrained
    }

    func runs(only configuration: Configuration) -> Bool {
        isReady && others == configuration && (canary == configuration || canaryShare == 0)
    }
}

/// How two groups that ought to be alike differ.
public struct AlikeReading: Sendable, Codable, Hashable {
    /// Mean difference of the objective, log units, with its standard error.
    public var difference: EffectEstimate
    /// Share of the buckets in which both groups were measured, `0...1`.
    public var coverage: Double

    public init(difference: EffectEstimate, coverage: Double) {
        self.difference = difference
        self.coverage = coverage
    }

    func problem(under terms: ExperimentTerms) -> String? {
        if coverage < terms.coverage { return "only \(Int(coverage * 100)) % of the time was measured in both groups" }
        let bound = 3 * difference.deviation + terms.largestDifference
        return abs(difference.logRatio) > bound
            ? "the groups differ by \(rounded(difference.logRatio)) before any change, where \(rounded(bound)) is the most" : nil
    }

    private func rounded(_ value: Double) -> Double { (value * 1_000).rounded() / 1_000 }
}

/// What is known of a change on the canary.
public struct ComparisonReading: Sendable, Codable, Hashable {
    /// Pairs of buckets since the change.
    public var pairs: Int
    /// Of the change on the objective, log ratio.
    public var effect: EffectEstimate
    /// What has been proved to have become worse; `nil` where nothing has.
    public var harm: String?
    /// Whether it is proved that nothing became worse than tolerated.
    public var isNotHarmed: Bool

    public init(pairs: Int, effect: EffectEstimate, harm: String? = nil, isNotHarmed: Bool) {
        self.pairs = pairs
        self.effect = effect
        self.harm = harm
        self.isNotHarmed = isNotHarmed
    }
}

/// The load now, and what of the last day's was high: an optimum at low load may break at the peak (pitfall P10).
public struct LoadReading: Sendable, Codable, Hashable {
    /// Requests per second.
    public var rate: Double
    /// The rate that was exceeded for a fifth of the last day.
    public var highOfDay: Double

    public init(rate: Double, highOfDay: Double) {
        self.rate = rate
        self.highOfDay = highOfDay
    }
}
