import Testing

@testable import Learning

@Suite struct UtilityTests {
    static func effect(ttft: Double, deviation: Double = 0.15, cost: Double = 0) -> PredictedEffect {
        PredictedEffect(
            outcomes: [.timeToFirstToken: .init(logRatio: ttft, deviation: deviation), .cost: .init(logRatio: cost, deviation: 0)],
            source: .physicalPrior, reasoning: [])
    }

    static func gap(_ excess: Double) -> [ObjectiveGap] {
        [ObjectiveGap(name: "ttft p95", outcome: .timeToFirstToken, excess: excess, direction: 1)]
    }

    let model = UtilityModel()

    @Test("removing a miss is worth about the miss")
    func removal() {
        let worth = model.utility(of: Self.effect(ttft: -1), gaps: Self.gap(0.5), aim: .timeToFirstToken)
        #expect(abs(worth.missReduction - 0.5) < 0.01)
        #expect(worth.confidence > 0.999)
    }

    @Test("a miss is worth more than the cost of doubling, a kept limit is not")
    func trade() {
        let doubled = Self.effect(ttft: -0.7, cost: 0.693)
        #expect(model.utility(of: doubled, gaps: Self.gap(0.5), aim: .timeToFirstToken).total > 0.3)
        #expect(model.utility(of: doubled, gaps: Self.gap(-0.5), aim: .timeToFirstToken).total < 0)
    }

    @Test("head-room may be used up for cost, a limit may not be broken for it")
    func saving() {
        let saving = Self.effect(ttft: 0.2, cost: -0.29)
        #expect(model.utility(of: saving, gaps: Self.gap(-1), aim: .cost).total > 0)
        #expect(model.utility(of: saving, gaps: Self.gap(-0.05), aim: .cost).total < 0)
    }

    @Test("vetoes what could do great harm, however good it looks on average")
    func veto() {
        #expect(model.veto(Self.effect(ttft: -0.1, deviation: 0.6), gaps: Self.gap(0.1)) != nil)
        #expect(model.veto(Self.effect(ttft: -0.1, deviation: 0.2), gaps: Self.gap(0.1)) == nil)
        #expect(model.veto(Self.effect(ttft: -0.1, deviation: 0.6), gaps: Self.gap(-3)) == nil, "far from the limit harm is bearable")
    }

    @Test("for throughput less is worse")
    func throughput() {
        let gaps = [ObjectiveGap(name: "throughput", outcome: .throughput, excess: 0.3, direction: -1)]
        let more = PredictedEffect(outcomes: [.throughput: .init(logRatio: 0.4, deviation: 0.15)], source: .physicalPrior, reasoning: [])
        let worth = model.utility(of: more, gaps: gaps, aim: .throughput)
        #expect(worth.missReduction > 0.2)
        #expect(worth.confidence > 0.99)
    }

    @Test("the expected excess of a normal variable matches numeric integration", arguments: [(-1.0, 0.5), (0, 1), (0.7, 0.2), (2, 0)])
    func excess(mean: Double, deviation: Double) {
        let steps = 40_000
        let sum = (0..<steps).reduce(0.0) { sum, index in
            let z = -8 + 16 * (Double(index) + 0.5) / Double(steps)
            return sum + max(0, mean + deviation * z) * normalDensity(z) * 16 / Double(steps)
        }
        #expect(abs(expectedExcess(mean: mean, deviation: deviation) - sum) < 1e-6)
    }

    @Test("a fall ends at 100 %, and a great rise is not spelled out in percent")
    func wording() throws {
        let fall = PredictedEffect(outcomes: [.throughput: .init(logRatio: -1, deviation: 0.3)], source: .physicalPrior, reasoning: [])
        let gaps = [ObjectiveGap(name: "throughput", outcome: .throughput, excess: 0, direction: -1)]
        #expect(try #require(model.veto(fall, gaps: gaps)).contains("by 75 %"))
        #expect(try #require(model.veto(Self.effect(ttft: 4), gaps: Self.gap(0))).contains("more than tenfold"))
    }
}
