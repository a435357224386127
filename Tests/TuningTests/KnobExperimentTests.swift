import Foundation
import Learning
import Measurements
import Statistics
import Testing
import Tuning
import Verification

@Suite struct KnobExperimentTests {
    static let old = TuningWorld.configuration(512, 64)
    private static let new = TuningWorld.configuration(1_024, 128)

    static func experiment(_ choice: Configuration? = new) throws -> KnobExperiment {
        let chosen = choice.map { "\($0)" } ?? "noop"
        let draw = TuningDraw(
            choice: choice, propensities: try Propensities(chosen: chosen, distribution: [chosen: 1]), isUrgent: false, seed: 1,
            incumbent: old, options: [])
        return KnobExperiment(
            id: UUID(uuid: (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)), draw: draw, groupSize: 2, limits: TuningLimits(),
            at: Timestamp(secondsSinceEpoch: 0))
    }

    /// A target that does what it is told, unless it is told not to.
    private struct Target {
        var fleet = FleetState(canary: old, others: old, canaryShare: 0.25, hasGroups: false)

        mutating func perform(_ effect: ExperimentEffect) {
            switch effect {
            case .formGroups: fleet.hasGroups = true
            case .applyToCanary(let configuration): fleet.canary = configuration
            case .promote(let configuration, let share):
                fleet.canary = configuration
                fleet.canaryShare = share
                if share == 1 { fleet.others = configuration }
            case .restore(let configuration):
                fleet.canary = configuration
                fleet.others = configuration
                fleet.canaryShare = 0.25
            case .releaseGroups: fleet.hasGroups = false
            }
        }
    }

    /// Lets an experiment run to its end, or for two days; what is seen may be changed at every look.
    func run(
        _ start: KnobExperiment, performing: (ExperimentEffect) -> Bool = { _ in true },
        seeing: (KnobExperiment, inout ExperimentObservation) -> Void
    ) throws -> (experiment: KnobExperiment, fleet: FleetState, states: [KnobExperiment.State]) {
        var experiment = start
        var target = Target()
        var states: [KnobExperiment.State] = [start.state]
        for tick in 0..<17_280 where experiment.result == nil {
            var seen = ExperimentObservation(now: Timestamp(secondsSinceEpoch: Double(tick) * 10))
            seen.fleet = target.fleet
            seen.alike = AlikeReading(difference: .init(logRatio: 0.01, deviation: 0.02), coverage: 1)
            seen.load = LoadReading(rate: 60, highOfDay: 50)
            seeing(experiment, &seen)
            let step = experiment.step(seen)
            // What is on disk is all that a restart has.
            experiment = try JSONDecoder().decode(KnobExperiment.self, from: JSONEncoder().encode(step.experiment))
            if states.last != experiment.state { states.append(experiment.state) }
            for effect in step.effects where performing(effect) { target.perform(effect) }
        }
        return (experiment, target.fleet, states)
    }

    static let good = ComparisonReading(pairs: 30, effect: .init(logRatio: -0.3, deviation: 0.03), isNotHarmed: true)

    @Test("a change that is proved goes to half of the replicas, to all, and is kept once the high load was seen")
    func kept() throws {
        let (experiment, fleet, states) = try run(try Self.experiment()) { _, seen in seen.comparison = Self.good }
        #expect(
            states == [
                .planned, .alike, .applying, .settling, .observing, .promoting(share: 0.5), .promoting(share: 1), .probation,
                .releasing(.kept), .closed(.kept),
            ])
        #expect(fleet.others == Self.new && fleet.canary == Self.new && !fleet.hasGroups)
        #expect(experiment.result?.inForce == Self.new && experiment.result?.effect == Self.good.effect)
    }

    @Test("a change stays on probation until a load was seen that is high for the day, as the optimum at low load may break at the peak")
    func probation() throws {
        let (experiment, _, _) = try run(try Self.experiment()) { _, seen in
            seen.comparison = Self.good
            seen.load = LoadReading(rate: seen.now < Timestamp(secondsSinceEpoch: 20_000) ? 30 : 51, highOfDay: 50)
        }
        #expect(experiment.state == .closed(.kept) && experiment.since >= Timestamp(secondsSinceEpoch: 20_000))
    }

    @Test("a load that was high yesterday need not come again for ever")
    func quietDay() throws {
        let (experiment, _, _) = try run(try Self.experiment()) { _, seen in
            seen.comparison = Self.good
            seen.load = LoadReading(rate: 31, highOfDay: seen.now < Timestamp(secondsSinceEpoch: 80_000) ? 50 : 30)
        }
        #expect(experiment.state == .closed(.kept) && experiment.since >= Timestamp(secondsSinceEpoch: 86_400))
    }

    @Test("a pool that worsens on probation gets its old settings back")
    func poolWorsened() throws {
        let (experiment, fleet, _) = try run(try Self.experiment()) { experiment, seen in
            seen.comparison = Self.good
            if experiment.state == .probation { seen.pool = .worsened }
        }
        #expect(experiment.state == .closed(.rolledBack(.poolWorsened)) && fleet.others == Self.old && fleet.canary == Self.old)
    }

    @Test(
        "what is plainly wrong is taken back at the next look, whatever is being done",
        arguments: [Tripwire.outOfMemory, .crashLoop(restarts: 1), .errors(failed: 30, requests: 100, tolerated: 0.01)])
    func tripwires(_ tripwire: Tripwire) throws {
        for tripping in [KnobExperiment.State.applying, .settling, .observing, .promoting(share: 0.5), .probation] {
            var (now, trippedAt, restoredAt): (Timestamp?, Timestamp?, Timestamp?)
            let (experiment, fleet, states) = try run(
                try Self.experiment(),
                performing: { effect in
                    if case .restore = effect { restoredAt = restoredAt ?? now }
                    return true
                }
            ) { experiment, seen in
                now = seen.now
                seen.comparison = Self.good
                guard experiment.state == tripping else { return }
                seen.tripwire = tripwire
                trippedAt = trippedAt ?? seen.now
            }
            #expect(experiment.state == .closed(.rolledBack(.tripwire(tripwire))), "\(states)")
            #expect(fleet.canary == Self.old && fleet.others == Self.old)
            let failure: FailureLabels.Kind? =
                switch tripwire {
                case .outOfMemory: .outOfMemory
                case .crashLoop: .crash
                default: nil
                }
            #expect(experiment.result?.failure == failure)
            #expect(trippedAt != nil && restoredAt == trippedAt, "\(tripping)")
        }
    }

    @Test("groups that are not alike, or were hardly measured, are not compared")
    func notAlike() throws {
        for reading in [
            AlikeReading(difference: .init(logRatio: 0.2, deviation: 0.01), coverage: 1),
            AlikeReading(difference: .init(logRatio: 0, deviation: 0.01), coverage: 0.7), nil,
        ] {
            var draws = 0
            let (experiment, fleet, _) = try run(
                try Self.experiment(),
                performing: { effect in
                    if case .formGroups = effect { draws += 1 }
                    return true
                }
            ) { _, seen in seen.alike = reading }
            guard case .closed(.aborted) = experiment.state else { Issue.record("\(experiment.state)"); return }
            #expect(draws == ExperimentTerms().groupDraws)
            #expect(experiment.result?.wasApplied == false && experiment.result?.effect == nil && fleet.canary == Self.old)
        }
    }

    @Test("where groups are not alike others are drawn, and compared for as long as the first")
    func drawnAgain() throws {
        var formedAt: [Timestamp] = []
        var now = Timestamp(secondsSinceEpoch: 0)
        let (experiment, _, states) = try run(
            try Self.experiment(),
            performing: { effect in
                if case .formGroups = effect { formedAt.append(now) }
                return true
            }
        ) { _, seen in
            now = seen.now
            seen.comparison = Self.good
            if formedAt.count < 2 { seen.alike = AlikeReading(difference: .init(logRatio: 0.5, deviation: 0.02), coverage: 1) }
        }
        #expect(experiment.state == .closed(.kept) && states.prefix(3) == [.planned, .alike, .applying], "\(states)")
        let terms = ExperimentTerms()
        #expect(formedAt.count == 2 && formedAt.last.map { $0.since(formedAt[0]) >= terms.alike } == true, "\(formedAt)")
    }

    @Test("a comparison waits until the canary has answered what it took in before the change, though not for ever")
    func drained() throws {
        for (drainedAfter, expected) in [(600.0, 600.0), (1e9, ExperimentTerms().drain.seconds)] {
            var settlingSince: Timestamp?
            var observingSince: Timestamp?
            _ = try run(try Self.experiment()) { experiment, seen in
                seen.comparison = Self.good
                if experiment.state == .settling { settlingSince = experiment.since }
                if experiment.state == .observing { observingSince = experiment.since }
                seen.fleet?.isDrained = settlingSince.map { seen.now.since($0).seconds >= drainedAfter } ?? false
            }
            let waited = try #require(observingSince).since(try #require(settlingSince)).seconds
            #expect(waited >= expected && waited <= expected + 20, "\(drainedAfter): \(waited)")
        }
    }

    @Test("groups are compared as long as the forecast says that the effect hoped for needs")
    func timeAlike() throws {
        let draw = try Self.experiment().draw
        for (preperiod, expected) in [(300.0, 600.0), (1_800, 1_800)] {
            var forecast = VerificationPlan().forecast(
                CanaryQuestion(.timeToFirstToken, effect: -0.3, readyReplicas: 8, requestsPerSecond: 50))
            forecast.preperiod = .seconds(preperiod)
            let forecasted = TuningDraw(
                choice: draw.choice, propensities: draw.propensities, isUrgent: false, seed: 1, incumbent: draw.incumbent, options: [],
                forecast: forecast)
            let experiment = KnobExperiment(
                id: UUID(), draw: forecasted, groupSize: 2, limits: TuningLimits(), at: Timestamp(secondsSinceEpoch: 0))
            #expect(experiment.timeAlike.seconds == expected)
        }
    }

    @Test("an experiment costs what the canary misses beyond the control while only the canary has the change")
    func cost() throws {
        var bucket = CanaryBucket(start: Timestamp(secondsSinceEpoch: 0), length: .seconds(10))
        (bucket.canary.judged, bucket.canary.missed) = (100, 30)
        (bucket.control.judged, bucket.control.missed) = (200, 20)
        var costs: [KnobExperiment.State: Double] = [:]
        _ = try run(try Self.experiment()) { experiment, seen in
            seen.comparison = Self.good
            costs[experiment.state] = experiment.excessMisses(in: bucket)
        }
        #expect(costs[.alike] == 0 && costs[.probation] == 0)
        #expect(costs[.applying] == 20 && costs[.observing] == 20)
    }

    @Test("a holdout changes nothing and is watched to its end")
    func holdout() throws {
        var applied = false
        let (experiment, _, _) = try run(
            try Self.experiment(nil),
            performing: { effect in
                if case .applyToCanary = effect { applied = true }
                return true
            }
        ) { _, _ in }
        #expect(experiment.state == .closed(.heldOut) && !applied)
    }

    @Test("somebody else's configuration ends the experiment")
    func foreign() throws {
        let theirs = TuningWorld.configuration(4_096, 32)
        var isChanged = false
        let (experiment, _, _) = try run(try Self.experiment()) { experiment, seen in
            guard experiment.state == .observing, !isChanged else { return }
            isChanged = true
            seen.fleet?.canary = theirs
        }
        #expect(experiment.state == .closed(.rolledBack(.foreignConfiguration(theirs))))
    }

    @Test("an experiment left behind for longer than twice its time is taken back, not gone on with")
    func overdue() throws {
        var experiment = try Self.experiment()
        var target = Target()
        for tick in 0..<100 where experiment.state != .observing {
            var seen = ExperimentObservation(now: Timestamp(secondsSinceEpoch: Double(tick) * 40))
            seen.fleet = target.fleet
            seen.alike = AlikeReading(difference: .none, coverage: 1)
            let step = experiment.step(seen)
            experiment = step.experiment
            step.effects.forEach { target.perform($0) }
        }
        #expect(experiment.state == .observing)
        var seen = ExperimentObservation(now: experiment.since.advanced(by: Nanoseconds(seconds: 3_700)))
        seen.fleet = target.fleet
        seen.comparison = Self.good
        let step = experiment.step(seen)
        guard case .reverting(.overdue) = step.experiment.state else { Issue.record("\(step.experiment.state)"); return }
        #expect(step.effects == [.restore(Self.old)])
    }

    @Test(
        "however side effects get lost and whenever the controller dies, all replicas end with one configuration: the kept or the old one")
    func losses() throws {
        var endings: [KnobExperiment.State: Int] = [:]
        for seed in UInt64(0)..<40 {
            var generator = SplitMix64(seed: seed)
            func chance(_ share: Double) -> Bool { Double(generator.next() >> 11) * 0x1p-53 < share }
            let isGood = chance(0.5)
            let (experiment, fleet, states) = try run(try Self.experiment(), performing: { _ in chance(0.5) }) { experiment, seen in
                if isGood { seen.comparison = Self.good }
                if chance(0.05) { seen.fleet = nil }
                if chance(0.002) { seen.tripwire = .stalled(for: .seconds(40)) }
            }
            let result = try #require(experiment.result, "seed \(seed): \(states)")
            #expect(fleet.canary == result.inForce && fleet.others == result.inForce && !fleet.hasGroups, "seed \(seed): \(states)")
            endings[experiment.state, default: 0] += 1
        }
        #expect(endings[.closed(.kept), default: 0] > 3 && endings.count >= 3, "\(endings)")
    }
}
