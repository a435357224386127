import Foundation
import Learning
import Measurements
import Testing
import Tuning

@Suite struct KnobTunerTests {
    private let world = TuningWorld.large
    private let now = Timestamp(secondsSinceEpoch: 100_000)

    private var tuner: KnobTuner { KnobTuner(grid: world.grid, incumbent: world.start) }
    private func situation(_ seconds: Double = 0, replicas: Int = 8, isUrgent: Bool = false) -> TuningSituation {
        TuningSituation(now: now.advanced(by: Nanoseconds(seconds: seconds)), readyReplicas: replicas, isUrgent: isUrgent)
    }

    private func row(_ to: Configuration, _ effect: Double, urgent: Bool = false) -> ExperimentRow {
        ExperimentRow(
            from: world.start, to: to, effect: EffectEstimate(logRatio: effect, deviation: 0.04), time: now, isUrgent: urgent)
    }

    @Test("what was measured is believed, its neighbours a little, and everything more than nothing is surer")
    func posterior() {
        var effects = KnobEffects(grid: world.grid)
        let tried = TuningWorld.configuration(1_024, 64)
        let near = TuningWorld.configuration(1_024, 128)
        let far = TuningWorld.configuration(8_192, 32)
        let before = effects.effects(of: [tried, near, far], from: world.start, at: now)
        effects.record(row(tried, -0.5))
        let after = effects.effects(of: [tried, near, far], from: world.start, at: now)
        #expect(before.allSatisfy { $0.logRatio == 0 && $0.deviation >= EffectPrior.minimumDeviation })
        #expect(abs(after[0].logRatio + 0.5) < 0.03 && after[0].deviation < 0.05)
        #expect(after[1].logRatio < -0.1 && after[1].logRatio > -0.45)
        #expect(abs(after[2].logRatio) < abs(after[1].logRatio))
        #expect(zip(after, before).allSatisfy { $0.deviation <= $1.deviation + 1e-12 })
    }

    @Test("the effect of going back is the opposite, and a configuration has none on itself")
    func antisymmetry() {
        var effects = KnobEffects(grid: world.grid)
        let tried = TuningWorld.configuration(1_024, 64)
        effects.record(row(tried, -0.5))
        let there = effects.effects(of: [tried], from: world.start, at: now)[0]
        let back = effects.effects(of: [world.start], from: tried, at: now)[0]
        #expect(abs(there.logRatio + back.logRatio) < 1e-9 && abs(there.deviation - back.deviation) < 1e-9)
        #expect(effects.effects(of: [tried], from: tried, at: now)[0].deviation < 1e-6)
    }

    @Test("urgent rows, old rows and rows of an older engine count for less")
    func weights() {
        let tried = TuningWorld.configuration(1_024, 64)
        func deviation(_ change: (inout KnobEffects) -> Void, after seconds: Double = 0) -> Double {
            var effects = KnobEffects(grid: world.grid)
            change(&effects)
            return effects.effects(of: [tried], from: world.start, at: now.advanced(by: Nanoseconds(seconds: seconds)))[0].deviation
        }
        let fresh = deviation { $0.record(row(tried, -0.5)) }
        #expect(deviation { $0.record(row(tried, -0.5, urgent: true)) } > fresh)
        #expect(deviation({ $0.record(row(tried, -0.5)) }, after: 14 * 86_400) > fresh)
        let weakened = deviation {
            $0.record(row(tried, -0.5))
            $0.weaken()
        }
        #expect(weakened > fresh)
    }

    @Test("an effect that is no number is left out")
    func notFinite() {
        var effects = KnobEffects(grid: world.grid)
        effects.record(row(TuningWorld.configuration(512, 64), .nan))
        #expect(effects.rows.isEmpty)
    }

    @Test("draws what promises most and says how likely it was, from the state decided on")
    func draw() throws {
        var tuner = tuner
        let good = TuningWorld.configuration(2_048, 128)
        tuner.close(
            ExperimentResult(
                from: world.start, tried: good, inForce: world.start, wasApplied: true, effect: .init(logRatio: -0.6, deviation: 0.03)),
            at: Timestamp(secondsSinceEpoch: 0))
        var counts: [Configuration?: Int] = [:]
        for seed in 0..<400 {
            guard case .draw(let draw) = tuner.decide(situation(), seed: UInt64(seed)) else { Issue.record("held"); return }
            counts[draw.choice, default: 0] += 1
            #expect(draw.propensities.distribution.count > 2 && draw.options.count == 23)
        }
        #expect(counts[good, default: 0] > 300 && (20...70).contains(counts[nil, default: 0]))
    }

    @Test("where nothing is worth it, doing nothing is the best")
    func nothing() {
        var tuner = tuner
        for move in world.grid.moves(from: world.start) {
            tuner.close(
                ExperimentResult(
                    from: world.start, tried: move, inForce: world.start, wasApplied: true, effect: .init(logRatio: 0.2, deviation: 0.03)),
                at: Timestamp(secondsSinceEpoch: 0))
        }
        guard case .draw(let draw) = tuner.decide(situation(), seed: 1) else { Issue.record("held"); return }
        #expect((draw.propensities.distribution["noop"] ?? 0) > 0.9)
    }

    @Test("urgent draws leave nothing to chance and say so")
    func urgent() {
        guard case .draw(let draw) = tuner.decide(situation(isUrgent: true), seed: 1) else { Issue.record("held"); return }
        #expect(draw.isUrgent && draw.propensities.probability == 1 && draw.choice != nil)
    }

    @Test("what may turn out too bad, fails by experience or is predicted to miss is excluded with its reason")
    func exclusions() throws {
        var tuner = tuner
        tuner.limits.gate = PessimisticGate(largestAcceptableHarm: 0.33)
        let crashed = TuningWorld.configuration(256, 128)
        tuner.close(
            ExperimentResult(from: world.start, tried: crashed, inForce: world.start, wasApplied: true, failure: .crash),
            at: Timestamp(secondsSinceEpoch: 0))
        var asked = situation()
        let late = TuningWorld.configuration(512, 64)
        asked.predictedMisses = [late: 0.2]
        asked.largestMisses = 0.05
        let options = tuner.options(in: asked)
        func exclusion(_ configuration: Configuration) -> TuningExclusion? {
            options.first { $0.configuration == configuration }?.exclusion
        }
        #expect(exclusion(late) == .missesObjective(predicted: 0.2, budget: 0.05))
        guard case .failedBefore = exclusion(crashed) else { Issue.record("\(String(describing: exclusion(crashed)))"); return }
        guard case .tooRisky = exclusion(TuningWorld.configuration(8_192, 256)) else { Issue.record("not too risky"); return }
    }

    @Test("holds while cooling down, after three an hour, with too few replicas and when its part of the error budget is spent")
    func holds() {
        var tuner = tuner
        tuner.close(
            ExperimentResult(from: world.start, tried: world.start, inForce: world.start, wasApplied: false), at: now)
        #expect(tuner.decide(situation(599), seed: 1) == .hold(.coolingDown(until: now.advanced(by: Nanoseconds(seconds: 600)))))
        for minute in [0.0, 10, 20] { tuner.begin(at: now.advanced(by: Nanoseconds(seconds: minute * 60))) }
        #expect(tuner.decide(situation(3_000), seed: 1) == .hold(.enoughBegun(3)))
        #expect(tuner.decide(situation(3_700, replicas: 3), seed: 1) == .hold(.tooFewReplicas(3)))
        tuner.count(requests: 100_000, excessMisses: 250, at: now)
        guard case .hold(.budgetSpent(let share, of: 0.2)) = tuner.decide(situation(3_700), seed: 1) else {
            Issue.record("not spent"); return
        }
        #expect(abs(share - 0.25) < 1e-9)
        if case .hold = tuner.decide(situation(2 * 86_400), seed: 1) { Issue.record("the budget of yesterday is spent today") }
    }

    @Test("is the same after a restart, and another engine is another scope")
    func restart() throws {
        var tuner = tuner
        let crashed = TuningWorld.configuration(256, 128)
        tuner.close(
            ExperimentResult(
                from: world.start, tried: crashed, inForce: world.start, wasApplied: true, effect: .init(logRatio: 0.3, deviation: 0.05),
                failure: .crash), at: Timestamp(secondsSinceEpoch: 0))
        let again = try JSONDecoder().decode(KnobTuner.self, from: JSONEncoder().encode(tuner))
        #expect(again == tuner && again.decide(situation(), seed: 4) == tuner.decide(situation(), seed: 4))
        tuner.adopt(engineDigest: "new")
        #expect(tuner.options(in: situation()).first { $0.configuration == crashed }?.exclusion == nil)
        #expect(tuner.effects.rows[0].effect.deviation == 0.1)
    }
}
