public import Learning

/// What is known about a change so far, and what follows.
public struct VerificationFinding: Sendable, Codable, Hashable {
    public var state: State
    /// How before and after were compared.
    public var mode: Mode
    /// One for every compared metric.
    public var metrics: [MetricFinding]
    public var errors: ErrorFinding
    /// Of the plan's objective; `nil` where it has none, or too little was measured.
    public var objective: ObjectiveFinding?
    /// Time observed after the change, up to the decision.
    public var observed: Duration
    /// One paragraph with the numbers, for a person.
    public var explanation: String

    public init(
        state: State, mode: Mode, metrics: [MetricFinding], errors: ErrorFinding, observed: Duration, explanation: String
    ) {
        self.state = state
        self.mode = mode
        self.metrics = metrics
        self.errors = errors
        self.observed = observed
        self.explanation = explanation
    }

    public subscript(metric: ComparedMetric) -> MetricFinding? { metrics.first { $0.metric == metric } }

    /// The verdict, once there is one.
    public var verdict: Verdict? {
        if case .decided(let verdict, _) = state { verdict } else { nil }
    }

    public enum State: Sendable, Codable, Hashable {
        /// Nothing is decided; look again after the next block.
        case watching(Progress)
        /// Final: more blocks do not change it.
        case decided(Verdict, by: Guard)
    }

    /// How far an undecided verification has come.
    public struct Progress: Sendable, Codable, Hashable {
        /// Usable blocks of the metric that has fewest among the judged.
        public var blocks: Int
        public var blocksNeeded: Int
        public var remaining: Duration

        public init(blocks: Int, blocksNeeded: Int, remaining: Duration) {
            self.blocks = blocks
            self.blocksNeeded = blocksNeeded
            self.remaining = remaining
        }
    }

    /// What decided.
    public enum Guard: Sendable, Codable, Hashable {
        case tripwire(Tripwire)
        /// The whole interval lies above the tolerated rise.
        case harm(ComparedMetric)
        /// The whole interval of the aimed metric lies below zero, and no judged metric suffers.
        case benefit(ComparedMetric)
        /// No judged metric suffers, and no more was asked.
        case noHarm
        case timeLimit
        case tooLittleData
        /// Requests of the canary missed their objective more often than the control group's, against such odds.
        case missedObjective(odds: Double)
        /// The groups differed by so much, as a log ratio, before the change.
        case notComparable(ComparedMetric, difference: Double)
        /// Replicas came to a group or went.
        case groupsChanged
        /// The plan's objective rose by more than is tolerated.
        case objectiveRose
        /// It fell by more than is worth a change.
        case objectiveFell
        /// It hardly fell by more than is worth a change, and nobody waits for the time to be over.
        case objectiveHopeless
        /// The groups differed by so much in it, in log units, before the change.
        case objectiveNotComparable(difference: Double)
        /// The canary does not keep up, or serves hardly anybody in time; a clause.
        case canaryFailsUsers(String)
    }

    /// How before and after were compared.
    public enum Mode: String, Sendable, Codable, Hashable, CaseIterable {
        /// The whole pool over time: an interrupted time series.
        case temporal
        /// Two groups of replicas at the same time, by how their difference changed.
        case canary
    }

    /// Requests after the change and how many failed; where there is a control group, its requests at the same time stand for those before.
    public struct ErrorFinding: Sendable, Codable, Hashable {
        public var requestsBefore: Int
        public var failedBefore: Int
        public var requests: Int
        public var failed: Int
        /// Share of failures above which the evidence counts against the change, in `0..<1`.
        public var tolerated: Double

        public init(requestsBefore: Int, failedBefore: Int, requests: Int, failed: Int, tolerated: Double) {
            self.requestsBefore = requestsBefore
            self.failedBefore = failedBefore
            self.requests = requests
            self.failed = failed
            self.tolerated = tolerated
        }
    }
}

/// What is known about the effect of a change on one metric.
public struct MetricFinding: Sendable, Codable, Hashable {
    public var metric: ComparedMetric
    public var isJudged: Bool
    /// Tolerated rise as a log ratio.
    public var margin: Double
    /// The log ratio of after to before at equal load, with its standard deviation at this moment; `nil` below two usable blocks.
    public var effect: EffectEstimate?
    /// Bounds of the log ratio that hold at all looks together, each with probability 1 − alpha; `nil` below two usable blocks.
    public var interval: ClosedRange<Double>?
    /// A rise as a log ratio that would be proved now with even chance; `nil` below two usable blocks.
    public var smallestDetectableHarm: Double?
    public var before: BlockUse
    public var after: BlockUse
    /// How the load was allowed for; `nil` where too few blocks came before.
    public var loadFit: LoadFit?
    /// How two groups differed before the change; `nil` where one pool was compared over time or too few buckets came before.
    public var groups: GroupDifference?
    /// Probability that the metric fell by more than the smallest benefit worth having, were this the only look; `nil` as the effect.
    public var probabilityWorthwhile: Double?

    public init(metric: ComparedMetric, isJudged: Bool, margin: Double, before: BlockUse, after: BlockUse) {
        self.metric = metric
        self.isJudged = isJudged
        self.margin = margin
        self.before = before
        self.after = after
    }

    /// Two groups that run alike.
    public struct GroupDifference: Sendable, Codable, Hashable {
        /// Canary to control before the change, as a log ratio.
        public var difference: Double
        /// Its standard error.
        public var standardError: Double
        /// Long-run standard deviation of one bucket's difference: what plans of later canaries rest on.
        public var bucketDeviation: Double

        public init(difference: Double, standardError: Double, bucketDeviation: Double) {
            self.difference = difference
            self.standardError = standardError
            self.bucketDeviation = bucketDeviation
        }
    }

    /// Which blocks were used, and why others were not.
    public struct BlockUse: Sendable, Codable, Hashable {
        public var used = 0
        /// Requests behind the used blocks' means.
        public var requests = 0
        /// Not one request with this metric ended in them.
        public var empty = 0
        /// Fewer requests than a mean needs.
        public var tooFewRequests = 0
        /// Directly before the change.
        public var trigger = 0
        /// Under more load than was seen before the change: what the engine would have done without the change is not known.
        public var unseenLoad = 0
        /// The first after the change or a gap without an end: needed to whiten the next.
        public var leading = 0

        public init() {}
    }

    /// The regression of the log latency on what the load model predicts.
    public struct LoadFit: Sendable, Codable, Hashable {
        public var terms: Terms
        /// Correlation of neighbouring blocks' residuals that is assumed, in `0...0.9`.
        public var autocorrelation: Double
        /// Standard deviation of a residual, log ratio.
        public var residualDeviation: Double

        public init(terms: Terms, autocorrelation: Double, residualDeviation: Double) {
            self.terms = terms
            self.autocorrelation = autocorrelation
            self.residualDeviation = residualDeviation
        }

        public enum Terms: String, Sendable, Codable, Hashable, CaseIterable {
            case constant, linear, quadratic
        }
    }
}
