public import Learning
public import Policies
import Statistics

/// What counts as better, worse and enough; fixed before the change is applied, so that nothing seen later can bend it.
public struct VerificationPlan: Sendable, Codable, Hashable {
    /// What the change is for.
    public var aim: Aim
    /// The metrics the objective limits: harm to one of them is not excused by a gain in another. The aimed one is always among them.
    public var judged: [ComparedMetric]
    /// Length of a block, at least a millisecond; 10 to 15 s.
    public var blockLength: Duration
    /// Blocks directly before the change that are left out: something unusual in them caused the change, and would have passed anyway. At least 0.
    public var triggerBlocks: Int
    /// Whether the requests in a block are the load. Probes are few and steady whatever the load is: then blocks are compared as they are.
    public var knowsLoad: Bool
    /// Fewest usable blocks after the change before statistics decide, at least 2.
    public var minimumBlocks: Int
    /// Fewest usable blocks before it, at least 4.
    public var minimumBlocksBefore: Int
    /// Fewest requests after the change before statistics decide.
    public var minimumRequests: Int
    /// A block with fewer requests behind its mean is not used.
    public var minimumRequestsPerBlock: Int
    /// Time from the first block after the change to the end of the attempt.
    public var timeLimit: Duration
    /// Probability, per metric and over all looks together, of calling a harmless change harmful; in `0..<0.5`.
    public var alpha: Double
    /// The same for calling a useless change useful.
    public var benefitAlpha: Double
    /// Rise of a judged metric, as a log ratio, that is tolerated.
    public var margin: Double
    /// Rise of any other metric that is tolerated, as a multiple of ``margin``.
    public var unjudgedMarginFactor: Double
    /// Rise of a metric, as a log ratio, that its own limit leaves room for; tolerated where it is more than the margin.
    public var headroom: [ComparedMetric: Double]
    /// Smallest fall, as a log ratio, for which a change is worth keeping; at least 0.
    public var minimumBenefit: Double
    /// Number of blocks for which the interval is narrowest.
    public var tightestAfter: Double
    public var tripwires: TripwireLimits
    public var engine: EngineTwin
    /// How a canary is compared; `nil` is the usual way. Blocks, margin and tripwires above are those of the comparison over time.
    public var canary: CanaryTerms?
    /// What decides about a canary in place of single metrics; `nil` for ``aim``.
    public var objective: CompositeObjective?

    /// What a change is for.
    public enum Aim: Sendable, Codable, Hashable {
        /// This metric is to fall.
        case lower(ComparedMetric)
        /// The gain lies elsewhere, in cost or throughput; latency is only not to suffer.
        case holdLatency

        /// The metric that is to fall.
        public var metric: ComparedMetric? {
            if case .lower(let metric) = self { metric } else { nil }
        }
    }

    /// A plan under a policy, everything else at its default.
    ///
    /// - Parameters:
    ///   - verification: Gives margin, fewest requests and time limit: six windows, half an hour unless told.
    ///   - objective: Its latency limits say which metrics are judged; without any, both are.
    ///   - aim: See ``aim(of:)`` for the one a prediction implies.
    ///   - engine: Parameters of the load model; its scale need not be right.
    public init(
        _ verification: Policy.Verification = .init(), objective: Policy.Objective = .init(), aim: Aim = .lower(.timePerOutputToken),
        engine: EngineTwin = .init()
    ) {
        self.aim = aim
        let limited = objective.latencies.flatMap { ComparedMetric.behind($0.metric) }
        judged = ComparedMetric.allCases.filter { limited.isEmpty || limited.contains($0) || aim.metric == $0 }
        blockLength = .seconds(15)
        triggerBlocks = 4
        knowsLoad = true
        minimumBlocks = 8
        minimumBlocksBefore = 6
        minimumRequests = verification.minSamples
        minimumRequestsPerBlock = 3
        timeLimit = verification.window * 6
        alpha = 0.01
        benefitAlpha = 0.1
        margin = naturalLogarithm(1 + max(0, verification.rollbackIfWorseBy))
        unjudgedMarginFactor = 3
        headroom = [:]
        minimumBenefit = naturalLogarithm(1.03)
        tightestAfter = 40
        tripwires = TripwireLimits()
        self.engine = engine
    }

    /// The metric a change is predicted to lower most, if any by at least one percent.
    public static func aim(of prediction: PredictedEffect) -> Aim {
        let changes = ComparedMetric.allCases.map { metric in
            (metric, prediction.outcomes[metric == .timeToFirstToken ? .timeToFirstToken : .timePerOutputToken]?.logRatio ?? 0)
        }
        guard let most = changes.min(by: { $0.1 < $1.1 }), most.1 <= -0.01 else { return .holdLatency }
        return .lower(most.0)
    }

    /// The tolerated rise of a metric, as a log ratio.
    public func margin(of metric: ComparedMetric) -> Double {
        max(judged.contains(metric) ? margin : margin * unjudgedMarginFactor, headroom[metric] ?? 0)
    }
}
