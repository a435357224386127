import Statistics

/// Something so plainly wrong that no statistics are needed.
public enum Tripwire: Sendable, Codable, Hashable {
    case crashLoop(restarts: Int)
    case outOfMemory
    case rolloutFailed
    /// Requests fail far more often than before.
    case errors(failed: Int, requests: Int, tolerated: Double)
    /// Requests arrive and none is answered.
    case stalled(for: Duration)
    /// The engine throws requests out of its cache again and again.
    case preemptions(perSecond: Double, before: Double)
}

/// When a tripwire fires.
public struct TripwireLimits: Sendable, Codable, Hashable {
    /// Share of failed requests that is always tolerated, in `0..<1`.
    public var errorRate: Double
    /// Failures may become this many times more frequent than before.
    public var errorFactor: Double
    /// Fewer failures than this are an accident.
    public var minimumFailures: Int
    /// Probability of tripping on an error rate that is tolerated, over all looks together.
    public var errorAlpha: Double
    /// Time without an answer while requests arrive; three times the usual time of a request where that is longer.
    public var stall: Duration
    /// Fewer arrivals than this in that time are no evidence.
    public var minimumStalledRequests: Int
    /// Restarts of one container since the change that make a crash loop.
    public var restarts: Int
    /// Preemptions may become this many times more frequent than before; one in ten seconds is always tolerated.
    public var preemptionFactor: Double

    public init() {
        errorRate = 0.01
        errorFactor = 3
        minimumFailures = 5
        errorAlpha = 0.01
        stall = .seconds(30)
        minimumStalledRequests = 3
        restarts = 3
        preemptionFactor = 10
    }

    /// The tolerated share of failures given those before, in `0...0.9`. Half a failure is added, as few requests without a failure do not
    /// prove that there are none.
    public func toleratedErrorRate(failedBefore: Int, requestsBefore: Int) -> Double {
        let before = requestsBefore > 0 ? (Double(failedBefore) + 0.5) / (Double(requestsBefore) + 1) : 0
        return min(0.9, max(errorRate, errorFactor * before))
    }
}

/// What the platform and the engine tell of the time since a change, for ``tripwire(_:limits:)``. What is not known stays `nil` and trips
/// nothing.
public struct ObservationFacts: Sendable, Codable, Hashable {
    /// Most restarts of one container since the change.
    public var restarts: Int?
    public var wasKilledForMemory = false
    /// The platform gave the rollout up, or its deadline passed.
    public var rolloutFailed = false
    /// Requests that ended since the change, and how many of them failed.
    public var requests = 0
    public var failed = 0
    public var requestsBefore = 0
    public var failedBefore = 0
    /// Time since a request was last answered, or since the change where none was.
    public var sinceLastAnswer: Duration?
    /// Requests that arrived in that time.
    public var arrivalsSinceLastAnswer = 0
    /// Usual time of a whole request before the change.
    public var usualEndToEnd: Duration?
    public var preemptionsPerSecond: Double?
    public var preemptionsPerSecondBefore: Double?

    public init() {}
}

/// The first tripwire that facts touch, the most certain first; `nil` where none is.
public func tripwire(_ facts: ObservationFacts, limits: TripwireLimits = .init()) -> Tripwire? {
    if facts.rolloutFailed { return .rolloutFailed }
    if facts.wasKilledForMemory { return .outOfMemory }
    if let restarts = facts.restarts, restarts >= limits.restarts { return .crashLoop(restarts: restarts) }
    let tolerated = limits.toleratedErrorRate(failedBefore: facts.failedBefore, requestsBefore: facts.requestsBefore)
    let evidence = failureEvidence(failed: facts.failed, requests: facts.requests, tolerated: tolerated)
    if facts.failed >= limits.minimumFailures, evidence >= naturalLogarithm(1 / limits.errorAlpha) {
        return .errors(failed: facts.failed, requests: facts.requests, tolerated: tolerated)
    }
    let patience = max(limits.stall, (facts.usualEndToEnd ?? .zero) * 3)
    if let silence = facts.sinceLastAnswer, silence >= patience, facts.arrivalsSinceLastAnswer >= limits.minimumStalledRequests {
        return .stalled(for: silence)
    }
    if let now = facts.preemptionsPerSecond, let before = facts.preemptionsPerSecondBefore,
        now > max(0.1, limits.preemptionFactor * before)
    {
        return .preemptions(perSecond: now, before: before)
    }
    return nil
}

/// The log likelihood ratio of failures being `max(10 %, twice as frequent)` against being as frequent as tolerated.
///
/// It is a test martingale under the tolerated rate and shrinks under lower ones, so it may be looked at after every request (A. Wald,
/// Annals of Mathematical Statistics 16 (1945) 117-186).
func failureEvidence(failed: Int, requests: Int, tolerated: Double) -> Double {
    let alternative = min(0.95, max(0.1, 2 * tolerated))
    guard tolerated > 0, alternative > tolerated else { return 0 }
    return Double(failed) * naturalLogarithm(alternative / tolerated)
        + Double(max(0, requests - failed)) * naturalLogarithm((1 - alternative) / (1 - tolerated))
}

/// Watches block after block for failures that became frequent, at whatever block they began.
///
/// One likelihood ratio is begun at every block n, with the share 1/(n (n + 1)) of the prior belief; their sum is again a test martingale,
/// so that a storm after hours of calm is seen as quickly as one at once (J. Shin, A. Ramdas, A. Rinaldo, E-detectors, 2023).
struct FailureDetector {
    let tolerated: Double
    private var begun = 0.0
    private var blocks = 0
    /// Failures since the last block without any.
    private var run = 0

    init(tolerated: Double) { self.tolerated = tolerated }

    /// - Parameter tolerated: Where what is tolerated changes from block to block.
    mutating func observe(failed: Int, requests: Int, tolerated: Double? = nil) {
        blocks += 1
        run = failed > 0 ? run + failed : 0
        let share = 1 / (Double(blocks) * Double(blocks + 1))
        let ratio = exponential(failureEvidence(failed: failed, requests: requests, tolerated: tolerated ?? self.tolerated))
        begun = min((begun + share) * ratio, 1e100)
    }

    func isTripped(_ limits: TripwireLimits) -> Bool {
        run >= limits.minimumFailures && begun + 1 / Double(blocks + 1) >= 1 / limits.errorAlpha
    }
}
