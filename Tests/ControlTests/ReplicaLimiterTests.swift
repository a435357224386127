import Measurements
import Policies
import Testing

@testable import Control

/// Vectors worked through the source of the HorizontalPodAutoscaler by hand.
@Suite struct ReplicaLimiterTests {
    static let now = Timestamp(nanosecondsSinceEpoch: 1_800_000_000_000_000_000)

    static func ago(_ seconds: Int) -> Timestamp { now.advanced(by: .seconds(-seconds)) }

    static func limiter(
        _ behavior: Behavior = Behavior(), recommendations: [(Int, Int)] = [], changes: [(Int, Int, Int)] = [], maximum: Int = 100
    ) -> ReplicaLimiter {
        ReplicaLimiter(
            behavior: behavior, minimum: 1, maximum: maximum,
            recommendations: recommendations.map { ReplicaRecommendation(time: ago($0.0), replicas: $0.1) },
            changes: changes.map {
                PastChange(time: ago($0.0), knob: "replicas", role: .replicas, from: .integer($0.1), to: .integer($0.2))
            })
    }

    @Test(
        "by default up goes at once, by the larger of four pods and doubling",
        arguments: [(1, 10, 5), (3, 10, 7), (4, 20, 8), (5, 20, 10), (10, 12, 12)])
    func up(current: Int, desired: Int, result: Int) {
        #expect(Self.limiter().limit(desired: desired, current: current, now: Self.now).replicas == result)
    }

    @Test("pods added within the period count against it")
    func period() {
        #expect(Self.limiter(changes: [(10, 4, 8)]).limit(desired: 20, current: 8, now: Self.now).replicas == 8)
        #expect(
            Self.limiter(changes: [(15, 4, 8)]).limit(desired: 20, current: 8, now: Self.now).replicas == 16,
            "a period ago is outside of it")
    }

    @Test("down waits until the highest wish of five minutes is gone")
    func stabilization() {
        let recent = Self.limiter(recommendations: [(400, 9), (299, 7), (10, 5)])
        let limited = recent.limit(desired: 4, current: 8, now: Self.now)
        #expect(limited.replicas == 7)
        #expect(limited.limit == .stabilizationWindow(.seconds(300)))
        #expect(Self.limiter(recommendations: [(400, 9)]).limit(desired: 4, current: 8, now: Self.now).replicas == 4)
    }

    @Test("an up window takes the lowest wish within it")
    func upWindow() {
        var behavior = Behavior()
        behavior.scaleUp.stabilizationWindow = .seconds(60)
        let limiter = Self.limiter(behavior, recommendations: [(30, 3), (90, 2)])
        #expect(limiter.limit(desired: 6, current: 2, now: Self.now).replicas == 3)
        #expect(Self.limiter(behavior, recommendations: [(30, 2)]).limit(desired: 6, current: 2, now: Self.now).replicas == 2)
    }

    @Test("percent rounds up on the way up and truncates what is left on the way down")
    func percent() {
        var behavior = Behavior()
        behavior.scaleUp.policies = [.init(type: .percent, value: 10, period: .seconds(60))]
        behavior.scaleDown = .init(
            stabilizationWindow: .zero, selectPolicy: .max, policies: [.init(type: .percent, value: 10, period: .seconds(60))])
        #expect(Self.limiter(behavior).limit(desired: 20, current: 5, now: Self.now).replicas == 6)
        #expect(Self.limiter(behavior).limit(desired: 1, current: 5, now: Self.now).replicas == 4)
        #expect(Self.limiter(behavior).limit(desired: 1, current: 25, now: Self.now).replicas == 22)
    }

    @Test("Max takes the largest change, Min the smallest, Disabled none")
    func select() {
        let policies: [Behavior.ScalingPolicy] = [
            .init(type: .pods, value: 1, period: .seconds(60)), .init(type: .percent, value: 50, period: .seconds(60)),
        ]
        func down(_ select: Behavior.SelectPolicy) -> Int {
            var behavior = Behavior()
            behavior.scaleDown = .init(stabilizationWindow: .zero, selectPolicy: select, policies: policies)
            return Self.limiter(behavior).limit(desired: 1, current: 10, now: Self.now).replicas
        }
        #expect(down(.max) == 5)
        #expect(down(.min) == 9)
        #expect(down(.disabled) == 10)
    }

    @Test("the bounds hold last")
    func bounds() {
        let limited = Self.limiter(maximum: 6).limit(desired: 9, current: 5, now: Self.now)
        #expect(limited.replicas == 6)
        #expect(limited.limit == .bounds)
    }
}
