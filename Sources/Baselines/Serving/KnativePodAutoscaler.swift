public import Measurements
public import Scaling

/// Knative's pod autoscaler on concurrency, asked every 2 s.
///
/// Source: knative/serving pkg/autoscaler/scaling/autoscaler.go, `Scale`, at 00a4a55c; the same steps at 98e5ef90. Going to and from 0 is
/// the activator's and is not done: a Deployment here has a minimum.
public struct KnativePodAutoscaler: ReplicaScaler {
    public var decider: KnativeDecider
    private var stable: ObservationWindow
    private var panic: ObservationWindow
    private var hasStarted = false

    /// - Parameters:
    ///   - panicWindow: Seconds; a tenth of the stable window by default.
    public init(decider: KnativeDecider, panicWindow: Double? = nil) {
        self.decider = decider
        stable = ObservationWindow(seconds: decider.stableWindow.seconds)
        panic = ObservationWindow(seconds: panicWindow ?? decider.stableWindow.seconds / 10)
    }

    public var name: String { "KPA concurrency \(decider.target)" }
    public var period: Nanoseconds { Nanoseconds(seconds: 2) }

    public mutating func replicas(after observation: ScalingObservation) -> Int {
        if !hasStarted {
            hasStarted = true
            decider.start(ready: observation.ready, at: observation.time)
        }
        stable.add(observation)
        panic.add(observation)
        guard let stable = stable.requestsInFlight, let panic = panic.requestsInFlight else { return observation.wanted }
        return decider.desired(stable: stable, panic: panic, ready: observation.ready, at: observation.time)
    }
}

/// What Knative's autoscaler makes of the mean concurrency of its two windows.
public struct KnativeDecider: Sendable, Hashable {
    /// Requests of one replica: its concurrency times the target utilization.
    public var target: Double
    public var maximumScaleUpRate = 1_000.0
    public var maximumScaleDownRate = 2.0
    public var panicThreshold = 2.0
    public var stableWindow = Nanoseconds(seconds: 60)
    public var scaleDownDelay = Nanoseconds(0)
    private var panicSince: Nanoseconds?
    private var mostInPanic = 0
    private var decisions: [Decision] = []

    private struct Decision: Sendable, Hashable {
        var time: Nanoseconds
        var replicas: Int
    }

    /// By default a replica takes 100 requests of which 70 % are aimed at.
    public init(target: Double = 70) { self.target = target }

    public var isPanicking: Bool { panicSince != nil }

    /// A new autoscaler keeps what there is until it knows better.
    public mutating func start(ready: Int, at time: Nanoseconds) {
        panicSince = ready > 1 ? time : nil
        mostInPanic = ready
    }

    /// - Parameters:
    ///   - stable: Mean concurrency of the whole revision in the stable window.
    ///   - panic: In the panic window.
    public mutating func desired(stable: Double, panic: Double, ready: Int, at time: Nanoseconds) -> Int {
        let pods = Double(max(1, ready))
        let most = (maximumScaleUpRate * pods).rounded(.up)
        let least = (pods / maximumScaleDownRate).rounded(.down)
        let forPanic = (panic / target).rounded(.up)
        let stablePods = Int(min(max((stable / target).rounded(.up), least), most))
        let panicPods = Int(min(max(forPanic, least), most))
        let isOver = forPanic / pods >= panicThreshold
        if isOver {
            panicSince = time
        } else if let since = panicSince, since + stableWindow < time {
            panicSince = nil
            mostInPanic = 0
        }
        guard isPanicking else { return delayed(stablePods, at: time) }
        mostInPanic = max(mostInPanic, stablePods, panicPods)
        return delayed(mostInPanic, at: time)
    }

    private mutating func delayed(_ replicas: Int, at time: Nanoseconds) -> Int {
        guard scaleDownDelay.count > 0 else { return replicas }
        decisions.append(Decision(time: time, replicas: replicas))
        decisions.removeAll { $0.time <= time - scaleDownDelay }
        return decisions.map(\.replicas).max() ?? replicas
    }
}
