public import Measurements
public import Scaling

/// llm-d's loop on the saturation of objectives, run as recording rules every 15 s and a ScaledObject of KEDA.
///
/// Saturation is the larger of the ninetieth percentiles of both times over their objectives, at most 2 and averaged over 45 s; above 0.55
/// replicas are added in proportion, below 0.40 removed.
public struct SaturationLoop: ReplicaScaler {
    /// Seconds.
    public let timeToFirstToken: Double
    public let timePerOutputToken: Double
    /// The rule as it is printed may ask for fewer replicas while some are starting; it is held to those there are.
    public let neverRemovesWhenSaturated: Bool
    private var limiter: BehaviorLimiter
    private var lastMinute = ObservationWindow(seconds: 60)
    private var saturations: [Double] = []

    public init(
        timeToFirstToken: Nanoseconds, timePerOutputToken: Nanoseconds, neverRemovesWhenSaturated: Bool = true,
        replicaRange: ClosedRange<Int>
    ) {
        self.timeToFirstToken = timeToFirstToken.seconds
        self.timePerOutputToken = timePerOutputToken.seconds
        self.neverRemovesWhenSaturated = neverRemovesWhenSaturated
        let behavior = ScalingBehavior(
            up: ScalingBehavior.Rules(stabilizationWindow: 30, policies: [.percent(100, seconds: 60), .pods(4, seconds: 60)]),
            down: ScalingBehavior.Rules(stabilizationWindow: 180, policies: [.pods(1, seconds: 120)]))
        limiter = BehaviorLimiter(behavior, replicaRange: replicaRange)
    }

    public var name: String { "KEDA SLO saturation" }
    public var period: Nanoseconds { Nanoseconds(seconds: 15) }

    /// Replicas that are wanted.
    /// - Parameters:
    ///   - saturation: `0...2`.
    ///   - provisioned: Replicas asked for, of which `ready` serve: those that start are credited.
    public static func desired(saturation: Double, provisioned: Int, ready: Int, neverRemovesWhenSaturated: Bool) -> Int {
        let count = Double(provisioned)
        if saturation > 0.55 {
            let credit = ready > 0 && ready < provisioned ? Double(ready) / count : 1
            let added = Int((count * (saturation * credit / 0.55 - 1)).rounded(.up))
            return provisioned + (neverRemovesWhenSaturated ? max(0, added) : added)
        }
        if saturation < 0.40 { return provisioned - Int((count * (1 - saturation / 0.40)).rounded(.down)) }
        return provisioned
    }

    public mutating func replicas(after observation: ScalingObservation) -> Int {
        lastMinute.add(observation)
        let finished = lastMinute.finished
        let first = (finished.firstTokens.quantile(0.9) ?? 0) / timeToFirstToken
        let gap = (finished.gaps.quantile(0.9) ?? 0) / timePerOutputToken
        saturations = (saturations + [min(max(first, gap), 2)]).suffix(3)
        let current = observation.wanted
        let wish = Self.desired(
            saturation: saturations.reduce(0, +) / Double(saturations.count), provisioned: current, ready: observation.ready,
            neverRemovesWhenSaturated: neverRemovesWhenSaturated)
        let desired = DesiredReplicas(target: 1).forExternal(sum: Double(wish), current: current)
        return limiter.limit(desired: desired, current: current, at: observation.time)
    }
}
