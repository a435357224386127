import Foundation
import Testing
import Verification

@Suite struct CanaryForecastTests {
    static let plan = VerificationPlan(aim: .lower(.timePerOutputToken))

    static func forecast(_ effect: Double, replicas: Int = 8, rate: Double = 44, deviation: Double? = nil) -> CanaryForecast {
        plan.forecast(
            CanaryQuestion(
                .timePerOutputToken, effect: effect, readyReplicas: replicas, requestsPerSecond: rate, bucketDeviation: deviation))
    }

    @Test("a large effect is found soon, a smaller one needs longer and a longer comparison before the change")
    func durations() throws {
        let (large, small) = (Self.forecast(0.3), Self.forecast(0.12))
        #expect(large.refusal == nil && small.refusal == nil && large.replicasPerGroup == 2 && large.bucketLength == .seconds(10))
        #expect(try #require(large.longestDuration) < #require(small.longestDuration))
        #expect(large.preperiod == .seconds(600) && small.preperiod > large.preperiod)
        #expect(try #require(large.usualDuration) <= #require(large.longestDuration))
        #expect(large.explanation.hasPrefix("2 replicas each in canary and control, 10m alike before the change: usually "))
    }

    @Test("an effect as large as the smallest that is detectable is forecast to be found in time, and a smaller one refused")
    func smallest() {
        let any = Self.forecast(0.01)
        #expect(any.refusal == .withinMargin)
        #expect(Self.forecast(any.smallestDetectableHarm * 1.01).refusal == nil)
        #expect(Self.forecast(-any.smallestDetectableBenefit * 1.01).refusal == nil)
        let below = Self.forecast(any.smallestDetectableHarm * 0.9)
        #expect(below.refusal == .tooLong(limit: .seconds(1_800)) && below.longestDuration == nil)
        #expect(below.explanation.hasPrefix("Not started: more than 30m would be needed"))
    }

    @Test("larger groups and quieter ones find smaller effects")
    func size() {
        #expect(Self.forecast(0.2, replicas: 16, rate: 88).smallestDetectableHarm < Self.forecast(0.2).smallestDetectableHarm)
        #expect(Self.forecast(0.2, deviation: 0.05).smallestDetectableHarm < Self.forecast(0.2).smallestDetectableHarm)
    }

    @Test("few replicas or requests are refused; fewer requests make wider buckets")
    func traffic() {
        #expect(Self.forecast(0.3, replicas: 3).refusal == .tooFewReplicas(3))
        #expect(Self.forecast(0.3, rate: 0.1).refusal == .tooFewRequests(perGroupAndSecond: 0.025))
        #expect(Self.forecast(0.3, rate: 0).refusal == .tooFewRequests(perGroupAndSecond: 0))
        let wide = Self.forecast(0.5, rate: 1)
        #expect(wide.bucketLength == .seconds(24) && Self.plan.fitted(to: wide).canaryTerms.bucketLength == .seconds(24))
    }
}
