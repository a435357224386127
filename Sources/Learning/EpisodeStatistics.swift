public import Measurements

/// Sums over the requests of one arm in one time bucket of an episode.
public struct EpisodeBucket: Sendable, Hashable {
    /// 0-based from the beginning of the episode.
    public var index: Int
    public var arm: Arm
    public var requests: Int
    public var logTimePerOutputToken: PowerSums
    /// Adjusted for prompt length.
    public var logTimeToFirstToken: PowerSums
    public var violations: Int
    public var errors: Int
    public var preemptions: Int
    /// Requests per second.
    public var arrivalRate: Double?
    /// Mean per request.
    public var inputTokens: Double?
    /// Mean per request.
    public var outputTokens: Double?

    public init(index: Int, arm: Arm, requests: Int) {
        self.index = index
        self.arm = arm
        self.requests = requests
        logTimePerOutputToken = PowerSums()
        logTimeToFirstToken = PowerSums()
        violations = 0
        errors = 0
        preemptions = 0
    }

    public enum Arm: Int, Sendable, Hashable, CaseIterable {
        case control = 0
        case changed = 1
    }
}

/// Sum and sum of squares.
public struct PowerSums: Sendable, Hashable {
    public var sum: Double
    public var squares: Double

    public init(sum: Double = 0, squares: Double = 0) {
        self.sum = sum
        self.squares = squares
    }
}

/// What is believed of one action's effect on one outcome: the sufficient statistics of a weighted regression.
public struct EffectPosterior: Sendable, Hashable {
    /// What it was learned from, e.g. a deployment.
    public var scope: String
    public var action: String
    public var outcome: Outcome
    /// X'Wy.
    public var moments: [Double]
    /// X'WX by rows; `moments.count` squared elements.
    public var normalMatrix: [Double]
    public var variance: Double
    /// Effective number of episodes.
    public var effectiveCount: Double
    /// By how much intervals are widened so that they cover what they claim.
    public var widening: Double
    public var updated: Timestamp

    public init(
        scope: String, action: String, outcome: Outcome, moments: [Double], normalMatrix: [Double], variance: Double,
        effectiveCount: Double, widening: Double, updated: Timestamp
    ) {
        self.scope = scope
        self.action = action
        self.outcome = outcome
        self.moments = moments
        self.normalMatrix = normalMatrix
        self.variance = variance
        self.effectiveCount = effectiveCount
        self.widening = widening
        self.updated = updated
    }
}

/// Whether one prediction held: the points of a reliability plot.
public struct CalibrationPoint: Sendable, Hashable {
    public var time: Timestamp
    public var action: String
    /// Claimed coverage of the interval, in `0...1`.
    public var level: Double
    public var covered: Bool
    /// Probability integral transform of what came, in `0...1`; uniform where predictions are honest.
    public var transform: Double
    /// Of the interval, in log units.
    public var width: Double

    public init(time: Timestamp, action: String, level: Double, covered: Bool, transform: Double, width: Double) {
        self.time = time
        self.action = action
        self.level = level
        self.covered = covered
        self.transform = transform
        self.width = width
    }
}
