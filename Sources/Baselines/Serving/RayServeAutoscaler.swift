public import Measurements
public import Scaling

/// The default autoscaling policy of Ray Serve, on the mean number of ongoing requests in the last 30 s.
///
/// Source: ray-project/ray python/ray/serve/autoscaling_policy.py at 00590c45. Its control loop runs every 0.1 s; here it is asked every
/// second, and a decision counts for the ten it stands for.
public struct RayServeAutoscaler: ReplicaScaler {
    public var decider: RayServeDecider
    private var lookBack: ObservationWindow

    /// - Parameter lookBackPeriod: Seconds.
    public init(decider: RayServeDecider, lookBackPeriod: Double = 30) {
        self.decider = decider
        lookBack = ObservationWindow(seconds: lookBackPeriod)
    }

    public var name: String { "Ray Serve \(decider.target)" }
    public var period: Nanoseconds { Nanoseconds(seconds: 1) }

    public mutating func replicas(after observation: ScalingObservation) -> Int {
        lookBack.add(observation)
        guard let ongoing = lookBack.requestsInFlight else { return observation.wanted }
        let loops = Int((observation.length.seconds / RayServeDecider.loopSeconds).rounded())
        return decider.decide(ongoing: ongoing, running: observation.ready, target: observation.wanted, loops: loops)
    }
}

/// Ray Serve's rule and its counter of decisions alike.
public struct RayServeDecider: Sendable, Hashable {
    /// `target_ongoing_requests`, above 0.
    public var target: Double
    public var upscalingFactor = 1.0
    public var downscalingFactor = 1.0
    /// Seconds for which every loop has to come to the same.
    public var upscaleDelay = 30.0
    public var downscaleDelay = 600.0
    public var replicaRange: ClosedRange<Int>
    /// Loops in which more, or as a negative number fewer, were wanted.
    public private(set) var counter = 0

    public static let loopSeconds = 0.1

    public init(target: Double = 2, replicaRange: ClosedRange<Int>) {
        self.target = target
        self.replicaRange = replicaRange
    }

    /// Replicas for a number of ongoing requests, before delays.
    /// - Parameter running: Replicas that run, above 0.
    public func desired(ongoing: Double, running: Int) -> Int {
        let current = Double(running)
        let wanted = current * (ongoing / (target * current))
        let factor = wanted > current ? upscalingFactor : downscalingFactor
        var scaled = Int((current + factor * (wanted - current)).rounded(.up))
        // Rounding up must not hold it where it is on the way down.
        if Int(wanted.rounded(.up)) < running, scaled == running { scaled -= 1 }
        return min(max(scaled, replicaRange.lowerBound), replicaRange.upperBound)
    }

    /// Replicas to ask for after so many loops that all saw the same.
    /// - Parameter target: Replicas asked for now.
    public mutating func decide(ongoing: Double, running: Int, target current: Int, loops: Int = 1) -> Int {
        guard running > 0 else { return ongoing > 0 ? max(Int(upscalingFactor.rounded(.up)), current) : current }
        let wanted = desired(ongoing: ongoing, running: running)
        guard wanted != current else {
            counter = 0
            return current
        }
        let isUp = wanted > current
        counter = isUp ? max(0, counter) + loops : min(0, counter) - loops
        guard abs(counter) > Int((isUp ? upscaleDelay : downscaleDelay) / Self.loopSeconds) else { return current }
        counter = 0
        // None at all only from one.
        return isUp || current == 1 ? wanted : max(1, wanted)
    }
}
