import Foundation
import Learning
import Measurements
import Testing

@Suite struct OffPolicyTests {
    /// Decisions of a policy that takes a good action half of the time, or more often where that is worth less.
    private func decisions(_ days: Int, gain: Double, modelIsRight: Bool, seed: UInt64) -> [LoggedDecision] {
        var draws = NormalSource(seed: seed)
        return (0..<days * 8).map { number in
            let isGood = draws.unit() < 0.5
            let chance = isGood ? 0.3 : 0.7
            let drawn = draws.unit() < chance ? 1 : 0
            let truth = [0.0, isGood ? 2 * gain : 0]
            let expected = modelIsRight ? truth : [0.5, -0.5]
            return LoggedDecision(
                day: number / 8, utility: truth[drawn] + 0.1 * draws.next(), propensity: drawn == 1 ? chance : 1 - chance, drawn: drawn,
                expected: expected)
        }
    }

    @Test("a policy's worth is found from another's decisions, also with a model that is wrong", arguments: [true, false])
    func value(modelIsRight: Bool) throws {
        var (covered, errors) = (0, 0.0)
        for seed in UInt64(1)...60 {
            let log = decisions(30, gain: 0.2, modelIsRight: modelIsRight, seed: seed)
            let always = Array(repeating: [0.0, 1], count: log.count)
            let never = Array(repeating: [1.0, 0], count: log.count)
            let found = try #require(OffPolicyEvaluation().evaluate(log, policy: always, against: never, seed: seed))
            covered += found.interval.contains(0.2) ? 1 : 0
            errors += found.difference - 0.2
            #expect(found.verdict == .enable && found.days == 30 && found.effectiveSize >= 30)
        }
        #expect(abs(errors / 60) < 0.03, "bias \(errors / 60)")
        #expect(covered >= 46, "\(covered) of 60 intervals of 90 % hold")
    }

    @Test("what is no better is not switched on, nor what too little is known of")
    func gate() throws {
        let log = decisions(30, gain: 0, modelIsRight: true, seed: 5)
        let always = Array(repeating: [0.0, 1], count: log.count)
        let never = Array(repeating: [1.0, 0], count: log.count)
        let evaluation = OffPolicyEvaluation()
        #expect(try #require(evaluation.evaluate(log, policy: always, against: never)).verdict == .shadow(.notShownBetter))
        let short = Array(decisions(3, gain: 0.2, modelIsRight: true, seed: 5))
        let few = try #require(evaluation.evaluate(short, policy: Array(always.prefix(24)), against: Array(never.prefix(24))))
        #expect(few.verdict == .shadow(.tooFewDays(needed: 5)))
        // Six days, and hardly ever the option that is asked about.
        var rare = Array(decisions(6, gain: 0.2, modelIsRight: true, seed: 6))
        for index in rare.indices where index > 2 { rare[index].drawn = 0 }
        let answer = try #require(evaluation.evaluate(rare, policy: Array(always.prefix(48)), against: Array(never.prefix(48))))
        #expect(answer.verdict == .shadow(.tooFewDecisions(needed: 30)) && answer.effectiveSize <= 3)
        #expect(evaluation.evaluate([], policy: [], against: []) == nil)
    }
}
