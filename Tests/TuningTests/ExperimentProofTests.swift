import Learning
import Measurements
import Testing
import Tuning
import Verification

/// When what was measured is enough.
extension KnobExperimentTests {
    @Test("without proof nothing changes, and what was measured is learned all the same")
    func unproved() throws {
        let slight = ComparisonReading(pairs: 100, effect: .init(logRatio: -0.03, deviation: 0.02), isNotHarmed: true)
        let (experiment, fleet, _) = try run(try Self.experiment()) { _, seen in seen.comparison = slight }
        #expect(experiment.state == .closed(.rolledBack(.unproved)) && fleet.canary == Self.old)
        #expect(experiment.result?.inForce == Self.old && experiment.result?.effect == slight.effect)
    }

    @Test("what hardly can be worthwhile any more is given up within two minutes, though not by the first buckets")
    func hopeless() throws {
        var givenUpAfter: Double?
        let (experiment, fleet, _) = try run(try Self.experiment()) { experiment, seen in
            guard experiment.state == .observing else { return }
            let pairs = Int(seen.now.since(experiment.since).seconds / 10)
            seen.comparison = ComparisonReading(pairs: pairs, effect: .init(logRatio: 0.02, deviation: 0.03), isNotHarmed: false)
            givenUpAfter = Double(pairs) * 10
        }
        #expect(experiment.state == .closed(.rolledBack(.unproved)) && fleet.canary == Self.old)
        #expect(givenUpAfter == Double(ExperimentTerms().pairsToGiveUp) * 10)
        #expect(experiment.result?.effect?.logRatio == 0.02)
    }

    @Test("what looks good for two minutes may be the other group's bad luck, and is looked at for longer")
    func earlyLuck() throws {
        var lucky = Self.good
        lucky.pairs = 12
        let (experiment, _, states) = try run(try Self.experiment()) { _, seen in seen.comparison = lucky }
        #expect(experiment.state == .closed(.rolledBack(.unproved)) && !states.contains(.promoting(share: 0.5)), "\(states)")
    }
}
