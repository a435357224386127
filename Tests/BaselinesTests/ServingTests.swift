import Baselines
import Measurements
import Scaling
import Testing

@Suite("Autoscalers of serving frameworks")
struct ServingTests {
    // MARK: Knative

    @Test("twice the ready replicas in the panic window are a panic")
    func panic() {
        var decider = KnativeDecider(target: 70)
        #expect(decider.desired(stable: 1_400, panic: 1_500, ready: 10, at: Nanoseconds(seconds: 2)) == 22)
        #expect(decider.isPanicking)
    }

    @Test("at most half of the replicas go in one step")
    func halved() {
        var decider = KnativeDecider(target: 70)
        #expect(decider.desired(stable: 30, panic: 20, ready: 4, at: Nanoseconds(seconds: 2)) == 2)
    }

    @Test("a slow rate still adds one replica")
    func slowRate() {
        var decider = KnativeDecider(target: 1)
        decider.maximumScaleUpRate = 1.1
        #expect(decider.desired(stable: 3, panic: 3, ready: 2, at: Nanoseconds(seconds: 2)) == 3)
    }

    @Test("in a panic replicas are never removed, and it ends a stable window after the last excess")
    func ratchet() {
        var decider = KnativeDecider(target: 10)
        #expect(decider.desired(stable: 10, panic: 40, ready: 2, at: Nanoseconds(seconds: 2)) == 4)
        #expect(decider.desired(stable: 20, panic: 10, ready: 4, at: Nanoseconds(seconds: 62)) == 4)
        #expect(decider.isPanicking, "a stable window has to be over, not just to be full")
        #expect(decider.desired(stable: 20, panic: 10, ready: 4, at: Nanoseconds(seconds: 64)) == 2)
    }

    @Test("a new one keeps what there is")
    func start() {
        var autoscaler = KnativePodAutoscaler(decider: KnativeDecider(target: 10))
        let replicas = (0..<6).map { _ in Loads.replica(running: 1) }
        #expect(autoscaler.replicas(after: Loads.observation(at: 2, of: 2, replicas, requests: 6)) == 6)
        #expect(autoscaler.replicas(after: Loads.observation(at: 64, of: 2, replicas, requests: 6)) == 3)
    }

    @Test("a delay keeps the most that was wanted in it")
    func delay() {
        var decider = KnativeDecider(target: 10)
        decider.scaleDownDelay = Nanoseconds(seconds: 30)
        #expect(decider.desired(stable: 60, panic: 60, ready: 6, at: Nanoseconds(seconds: 0)) == 6)
        #expect(decider.desired(stable: 40, panic: 40, ready: 6, at: Nanoseconds(seconds: 28)) == 6)
        #expect(decider.desired(stable: 40, panic: 40, ready: 6, at: Nanoseconds(seconds: 30)) == 4)
    }

    // MARK: AIBrix

    @Test("AIBrix at most doubles and halves", arguments: [(4, 100.0, 8), (10, 12.0, 5), (4, 44.0, 4), (4, 45.0, 5), (5, 30.0, 4)])
    func steps(current: Int, value: Double, result: Int) {
        #expect(AIBrixRule(target: 40).desired(value: value, current: current) == result)
    }

    @Test("AIBrix goes down to the least that was wanted in its cooldown")
    func leastWanted() {
        var autoscaler = AIBrixPodAutoscaler(metric: .running, rule: AIBrixRule(target: 10))
        func load(_ running: Int, _ count: Int) -> [ScalingObservation.ReplicaLoad] {
            (0..<count).map { _ in Loads.replica(running: running) }
        }
        #expect(autoscaler.replicas(after: Loads.observation(at: 10, of: 10, load(10, 4))) == 4)
        #expect(autoscaler.replicas(after: Loads.observation(at: 20, of: 10, load(20, 4))) == 8, "more is not waited for")
        #expect(autoscaler.replicas(after: Loads.observation(at: 30, of: 10, load(8, 8))) == 4, "7 now, but 4 twenty seconds ago")
    }

    // MARK: Ray Serve

    @Test("Ray Serve wants the ongoing requests over its target")
    func ongoing() {
        let decider = RayServeDecider(target: 2, replicaRange: 1...100)
        #expect(decider.desired(ongoing: 12, running: 3) == 6)
        #expect(decider.desired(ongoing: 150 * 10, running: 10) == 100)
        #expect(decider.desired(ongoing: 0, running: 10) == 1)
    }

    @Test("rounding up does not hold it where it is on the way down")
    func stuck() {
        var decider = RayServeDecider(target: 1, replicaRange: 1...100)
        decider.downscalingFactor = 0.2
        #expect(decider.desired(ongoing: 4, running: 5) == 4)
    }

    @Test("more are asked for once 30 s of loops agree, fewer after 600 s, and one that disagrees begins anew")
    func agreement() {
        var decider = RayServeDecider(target: 2, replicaRange: 1...100)
        for _ in 0..<300 { #expect(decider.decide(ongoing: 12, running: 3, target: 3) == 3) }
        #expect(decider.decide(ongoing: 12, running: 3, target: 3) == 6)
        for _ in 0..<299 { #expect(decider.decide(ongoing: 12, running: 3, target: 3) == 3) }
        #expect(decider.decide(ongoing: 6, running: 3, target: 3) == 3)
        #expect(decider.counter == 0)
        #expect(decider.decide(ongoing: 2, running: 3, target: 3, loops: 6_000) == 3)
        #expect(decider.decide(ongoing: 2, running: 3, target: 3) == 1)
    }

    @Test("without a replica it asks for one at once")
    func cold() {
        var decider = RayServeDecider(target: 2, replicaRange: 0...100)
        #expect(decider.decide(ongoing: 1, running: 0, target: 0) == 1)
        #expect(decider.decide(ongoing: 0, running: 0, target: 0) == 0)
    }

    @Test("requests are averaged over the last 30 s")
    func lookBack() {
        var autoscaler = RayServeAutoscaler(decider: RayServeDecider(target: 2, replicaRange: 1...100))
        let replicas = (0..<3).map { _ in Loads.replica() }
        var asked = 3
        for second in 1...31 { asked = autoscaler.replicas(after: Loads.observation(at: Double(second), of: 1, replicas, requests: 12)) }
        #expect(asked == 6)
    }
}
