import Baselines
import Control
import Measurements
import Policies
import Scaling
import Testing

@Suite("Kubernetes' autoscaler, and what is built on it")
struct KubernetesTests {
    // MARK: HorizontalPodAutoscaler

    @Test("the mean over the target times the ready pods is wanted, rounded up")
    func ratio() {
        let rule = DesiredReplicas(target: 100)
        #expect(rule.forPods([180, 180, 180, 180], current: 4) == 8)
        #expect(rule.forPods([10, 20, 30], current: 3) == 1)
    }

    @Test("a tenth more or less, both included, changes nothing")
    func tolerance() {
        let rule = DesiredReplicas(target: 100)
        #expect(rule.forPods([110, 110, 110, 110], current: 4) == 4)
        #expect(rule.forPods([111, 111, 111, 111], current: 4) == 5)
        #expect(rule.forPods([90, 90, 90, 90], current: 4) == 4)
    }

    @Test("pods without a value count as loaded on the way down and as idle on the way up")
    func missing() {
        let rule = DesiredReplicas(target: 100)
        #expect(rule.forPods([50, 50, 50], missing: 1, current: 4) == 3)
        #expect(rule.forPods([150, 150], missing: 1, current: 3) == 3, "100 in the mean of three")
        #expect(rule.forPods([250, 250], missing: 1, current: 3) == 5)
        #expect(rule.forPods([250, 250], unready: 1, current: 3) == 5)
        #expect(rule.forPods([50, 50], unready: 1, current: 3) == 1, "an unready pod does not count on the way down")
        #expect(rule.forPods([], missing: 2, current: 2) == nil)
    }

    @Test("of an external metric the sum over the target is wanted")
    func external() {
        let rule = DesiredReplicas(target: 5)
        #expect(rule.forExternal(sum: 25, current: 3) == 5)
        #expect(rule.forExternal(sum: 30, current: 6) == 6)
        #expect(rule.forExternal(sum: 16, current: 3) == 3, "within a tenth")
        #expect(rule.forExternal(sum: 0, current: 3) == 0)
    }

    @Test("a wish for fewer is not followed for five minutes")
    func stabilization() {
        var autoscaler = HorizontalPodAutoscaler(metric: .running, rule: DesiredReplicas(target: 10), replicaRange: 1...50)
        func load(_ running: Int) -> [ScalingObservation.ReplicaLoad] { (0..<10).map { _ in Loads.replica(running: running) } }
        #expect(autoscaler.replicas(after: Loads.observation(at: 15, of: 15, load(5))) == 10)
        #expect(autoscaler.replicas(after: Loads.observation(at: 30, of: 15, load(10))) == 10)
        #expect(autoscaler.replicas(after: Loads.observation(at: 315, of: 15, load(5))) == 10)
        #expect(autoscaler.replicas(after: Loads.observation(at: 330, of: 15, load(5))) == 5, "the wish of 30 s is five minutes old")
    }

    @Test("in a period at most the larger of four pods and as many again are added")
    func rate() {
        var limiter = BehaviorLimiter(ScalingBehavior(), replicaRange: 1...100)
        #expect(limiter.limit(desired: 40, current: 3, at: Nanoseconds(seconds: 15)) == 7)
        #expect(limiter.limit(desired: 40, current: 7, at: Nanoseconds(seconds: 20)) == 7)
        #expect(limiter.limit(desired: 40, current: 7, at: Nanoseconds(seconds: 30)) == 14)
        #expect(limiter.limit(desired: 200, current: 80, at: Nanoseconds(seconds: 60)) == 100)
    }

    @Test("it limits as the limiter for policies does", arguments: 0..<20)
    func sameAsForPolicies(seed: UInt64) {
        var random = Sequence(seed)
        var limiter = BehaviorLimiter(ScalingBehavior(), replicaRange: 2...60)
        var (recommendations, changes): ([ReplicaRecommendation], [PastChange]) = ([], [])
        var current = 5
        for tick in 0..<120 {
            let time = Timestamp(nanosecondsSinceEpoch: Int64(tick) * 15_000_000_000)
            let desired = random.next() % 4 == 0 ? 1 + random.next() % 80 : max(1, current - 2 + random.next() % 5)
            if tick == 0 { recommendations.append(ReplicaRecommendation(time: time, replicas: current)) }
            let other = ReplicaLimiter(
                behavior: Behavior(), minimum: 2, maximum: 60, recommendations: recommendations, changes: changes
            ).limit(desired: desired, current: current, now: time).replicas
            let mine = limiter.limit(desired: desired, current: current, at: Nanoseconds(Int64(tick) * 15_000_000_000))
            #expect(mine == other, "seed \(seed), tick \(tick): \(desired) wanted, \(current) there")
            recommendations.append(ReplicaRecommendation(time: time, replicas: desired))
            if mine != current {
                changes.append(
                    PastChange(
                        time: time, knob: "replicas", role: .replicas, from: .integer(current), to: .integer(mine)))
            }
            current = mine
        }
    }

    // MARK: KEDA

    @Test("KEDA asks for the sum over its threshold, live or as of the last poll")
    func threshold() {
        let busy = (0..<4).map { _ in Loads.replica(running: 60) }
        let idle = (0..<4).map { _ in Loads.replica(running: 10) }
        var live = KedaScaledObject(metric: .running, threshold: 40, replicaRange: 1...20)
        var cached = KedaScaledObject(metric: .running, threshold: 40, usesCachedMetrics: true, replicaRange: 1...20)
        #expect(live.replicas(after: Loads.observation(at: 15, of: 15, idle)) == 4, "the down window holds")
        #expect(live.replicas(after: Loads.observation(at: 30, of: 15, busy)) == 6)
        #expect(cached.replicas(after: Loads.observation(at: 15, of: 15, idle)) == 4)
        #expect(cached.replicas(after: Loads.observation(at: 30, of: 15, busy)) == 4, "the last poll was before")
        #expect(cached.replicas(after: Loads.observation(at: 45, of: 15, busy)) == 6)
    }

    @Test("KEDA takes the last replica away after its cooldown, and comes back at a poll")
    func zero() {
        var object = KedaScaledObject(metric: .requests, threshold: 40, replicaRange: 0...5)
        let busy = [Loads.replica(running: 1)], idle = [Loads.replica()]
        #expect(object.replicas(after: Loads.observation(at: 15, of: 15, busy)) == 1)
        #expect(object.replicas(after: Loads.observation(at: 315, of: 15, idle)) == 1, "300 s are not more than the cooldown")
        #expect(object.replicas(after: Loads.observation(at: 345, of: 15, idle)) == 0)
        #expect(object.replicas(after: Loads.observation(at: 360, of: 15, [])) == 0)
        var queued = Loads.observation(at: 375, of: 15, [])
        queued.waitingAtGateway = 3
        #expect(object.replicas(after: queued) == 1)
    }

    // MARK: The loop on saturation

    @Test(
        "above 0.55 of the objectives replicas are added, below 0.40 removed, and those that start are credited",
        arguments: [(0.8, 4, 4, 6), (0.2, 4, 4, 2), (0.5, 4, 4, 4), (2.0, 3, 3, 11), (0.0, 5, 5, 0)])
    func saturation(saturation: Double, provisioned: Int, ready: Int, result: Int) {
        #expect(
            SaturationLoop.desired(saturation: saturation, provisioned: provisioned, ready: ready, neverRemovesWhenSaturated: true)
                == result)
    }

    @Test("as it is printed the rule may remove replicas while it is saturated")
    func printed() {
        #expect(SaturationLoop.desired(saturation: 0.8, provisioned: 4, ready: 2, neverRemovesWhenSaturated: false) == 3)
        #expect(SaturationLoop.desired(saturation: 0.8, provisioned: 4, ready: 2, neverRemovesWhenSaturated: true) == 4)
    }

    @Test("the loop takes the ninetieth percentile of what engines count in buckets")
    func percentile() {
        var loop = SaturationLoop(
            timeToFirstToken: Nanoseconds(seconds: 2), timePerOutputToken: Nanoseconds(milliseconds: 50), replicaRange: 1...40)
        var finished = ScalingObservation.Finished()
        for _ in 0..<100 { finished.firstTokens.add(3) }
        let replicas = (0..<4).map { _ in Loads.replica() }
        // Ninety of a hundred between 2.5 and 5 s are below 4.75 s: more than twice the objective, which counts as 2.
        let first = Loads.observation(at: 15, of: 15, replicas, finished: finished)
        #expect(loop.replicas(after: first) == 4, "an up window of 30 s, in which four were wanted")
        #expect(loop.replicas(after: Loads.observation(at: 45, of: 15, replicas, finished: finished)) == 8, "four pods in 60 s")
    }
}

/// Small numbers from a seed.
private struct Sequence {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

    mutating func next() -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 40)
    }
}
