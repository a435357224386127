import Foundation
import Learning
import Measurements
import Statistics
import Tuning
import Verification

/// What a way of tuning came to on a service.
struct TrialResult: Codable {
    /// Objective of the configuration in force after each episode, as it truly is.
    var objectives: [Double] = []
    var final: Configuration
    /// Requests that missed the service's objective because something was tried, see ``DamageCount``.
    var causedMisses = 0.0
    /// Longest time for which an unstable configuration was in force anywhere, seconds.
    var longestUnstable = 0.0
    var seconds = 0.0
    var kept = 0
    var endings: [String] = []

    /// Episodes until the configuration in force was within so much of the best; `nil` where it never was.
    func episodes(within distance: Double, of best: Double) -> Int? {
        objectives.firstIndex { $0 <= best + distance }.map { $0 + 1 }
    }
}

/// Tunes a simulated service by experiments on a canary, with the state machine, the mixture and the gates of the product.
struct CanaryTrial {
    enum Order { case twin, flat, random }

    let world: TuningWorld
    let landscape: TuningWorld.Landscape
    var order = Order.flat
    var episodes = 14
    var terms = ExperimentTerms()
    var bucket = Nanoseconds(seconds: 10)

    private static let objective = TuningObjective.latency

    /// With which the tuner tells how long an experiment takes.
    private var plan: VerificationPlan {
        var plan = VerificationPlan()
        var canary = CanaryTerms()
        canary.preperiod = terms.alike.duration
        plan.canary = canary
        return plan
    }

    func run(seed: UInt64) -> TrialResult {
        var run = Run(self, seed: seed)
        for episode in 0..<episodes { run.episode(episode, seed: seed) }
        return run.finished
    }

    private struct Run {
        let trial: CanaryTrial
        var fleet: TunedFleet
        var tuner: KnobTuner
        var damage: DamageCount
        var result: TrialResult
        var evidence = CanaryEvidence()
        /// When the canary last got a change.
        var appliedAt = Nanoseconds(0)
        var triedAtRandom: Set<Configuration> = []
        /// Requests of the last ten minutes that were judged, and those of them that missed, by bucket.
        var recent: [(judged: Int, missed: Int)] = []

        init(_ trial: CanaryTrial, seed: UInt64) {
            self.trial = trial
            let world = trial.world
            var limits = TuningLimits()
            limits.coolDown = Nanoseconds(0)
            limits.mostExperiments = .max
            tuner = KnobTuner(
                grid: world.grid, incumbent: world.start, prior: trial.order == .twin ? world.twin(seed: seed) : .flat, limits: limits)
            // The service has run for a day.
            tuner.count(requests: Int(world.rate * 86_400), excessMisses: 0, at: Timestamp(Nanoseconds(0)))
            fleet = TunedFleet(world, world.start, seed: seed)
            result = TrialResult(final: world.start)
            _ = fleet.advance(by: Nanoseconds(seconds: 60))
            damage = DamageCount(trial.landscape, start: world.start)
            wait()
        }

        /// Half as many more requests as may miss the objective, as the control loop has it.
        private var isUrgent: Bool {
            let (judged, missed) = recent.reduce((0, 0)) { ($0.0 + $1.judged, $0.1 + $1.missed) }
            return Double(missed) > 1.5 * tuner.budget.tolerated * Double(judged)
        }

        var finished: TrialResult {
            var result = result
            result.final = tuner.incumbent
            result.causedMisses = damage.misses
            result.longestUnstable = damage.longestUnstable
            result.seconds = fleet.time.seconds
            return result
        }

        mutating func episode(_ number: Int, seed: UInt64) {
            defer { result.objectives.append(trial.landscape[tuner.incumbent].objective) }
            let now = Timestamp(fleet.time)
            let situation = TuningSituation(
                now: now, readyReplicas: trial.world.replicas, isUrgent: isUrgent, requestsPerSecond: trial.world.rate)
            let decisionSeed = seed &* 1_000 &+ UInt64(number)
            let draw: TuningDraw
            switch trial.order == .random
                ? atRandom(situation, seed: decisionSeed) : tuner.decide(situation, seed: decisionSeed, plan: trial.plan)
            {
            case .hold(let refusal):
                wait()
                return result.endings.append("held: \(refusal)")
            case .draw(let drawn): draw = drawn
            }
            // Where nothing promises enough, nothing is done and nothing has to be watched.
            if draw.choice == nil, draw.propensities.probability > 0.5 {
                wait()
                return result.endings.append("nothing promises enough")
            }
            tuner.begin(at: now)
            var experiment = KnobExperiment(
                id: UUID(), draw: draw, groupSize: trial.world.groupSize, terms: trial.terms, limits: tuner.limits, at: now)
            evidence = CanaryEvidence()
            var groups = false
            while experiment.result == nil {
                let tallies = pass(experiment)
                let step = experiment.step(observation(of: experiment, tallies, groups))
                experiment = step.experiment
                for effect in step.effects { perform(effect, of: experiment, &groups) }
            }
            guard let ended = experiment.result else { return }
            tuner.close(ended, at: Timestamp(fleet.time))
            // What a bad configuration left behind is its doing too.
            if ended.inForce == ended.from { for _ in 0..<6 { _ = pass(nil) } }
            damage.end()
            if ended.inForce != ended.from { result.kept += 1 }
            let truth = trial.landscape[ended.tried].objective - trial.landscape[ended.from].objective
            result.endings.append(
                "\(ended.tried), truly \(String(format: "%+.3f", truth)), measured \(ended.effect.map { "\($0)" } ?? "nothing"): \(experiment.state)"
            )
        }

        /// Any safe move that was not tried yet, whatever is believed of it; nothing once all were.
        private mutating func atRandom(_ situation: TuningSituation, seed: UInt64) -> TuningDecision {
            var generator = SplitMix64(seed: seed)
            let options = tuner.options(in: situation)
            let untried = options.filter { $0.exclusion == nil && !triedAtRandom.contains($0.configuration) }.map(\.configuration)
            let choice = untried.randomElement(using: &generator)
            if let choice { triedAtRandom.insert(choice) }
            let propensities = ActionMixture(holdout: 0, exploration: 0).draw(
                best: choice.map { "\($0)" }, safe: untried.map { "\($0)" }, using: &generator)
            return .draw(
                TuningDraw(
                    choice: choice, propensities: propensities, isUrgent: situation.isUrgent, seed: seed, incumbent: tuner.incumbent,
                    options: options))
        }

        /// Until it is asked again whether there is anything to try.
        private mutating func wait() {
            let end = fleet.time + trial.terms.alike
            while fleet.time < end { _ = pass(nil) }
        }

        private mutating func pass(_ experiment: KnobExperiment?) -> [TunedFleet.Tally] {
            let start = Timestamp(fleet.time)
            let tallies = fleet.advance(by: trial.bucket)
            var bucket = CanaryBucket(start: start, length: trial.bucket.duration)
            bucket.canary = tallies[0].bucket
            bucket.control = tallies[1].bucket
            switch experiment?.state {
            case .alike: evidence.before.append(bucket)
            case .applying: evidence.applying.append(bucket)
            case .settling: evidence.settling.append(bucket)
            case .observing: evidence.after.append(bucket)
            default: break
            }
            damage.add(tallies, of: fleet, length: trial.bucket)
            let judged = tallies.reduce(0) { $0 + $1.judged }
            tuner.count(requests: judged, excessMisses: experiment?.excessMisses(in: bucket) ?? 0, at: Timestamp(fleet.time))
            recent = (recent + [(judged, tallies.reduce(0) { $0 + $1.missed })]).suffix(60)
            return tallies
        }

        private func observation(of experiment: KnobExperiment, _ tallies: [TunedFleet.Tally], _ groups: Bool) -> ExperimentObservation {
            var seen = ExperimentObservation(now: Timestamp(fleet.time))
            let share = TunedFleet.Group.allCases.reduce(0.0) { sum, group in
                sum + (fleet[group] == fleet[.canary] ? Double(trial.world.replicas(of: group)) : 0)
            }
            seen.fleet = FleetState(
                canary: fleet[.canary], others: fleet[.rest], canaryShare: share / Double(trial.world.replicas), hasGroups: groups,
                isDrained: fleet.isDrained(.canary, of: appliedAt))
            seen.load = LoadReading(
                rate: Double(tallies.reduce(0) { $0 + $1.arrivals }) / trial.bucket.seconds,
                highOfDay: trial.world.rate * exp(0.84 * trial.world.loadDeviation))
            seen.isBudgetSpent = tuner.budget.spentShare(at: seen.now) >= tuner.limits.explorationShare
            read(experiment, into: &seen)
            return seen
        }

        private func read(_ experiment: KnobExperiment, into seen: inout ExperimentObservation) {
            let plan = CanaryTrial.objective.plan(terms: trial.terms, room: room)
            switch experiment.state {
            case .alike:
                // Only where the answer is needed.
                guard seen.now.since(experiment.since) >= experiment.timeAlike else { return }
                seen.alike = CanaryTrial.objective.alike(verify(evidence, plan: plan), buckets: evidence.before.count)
            case .applying, .settling, .observing:
                let finding = verify(evidence, plan: plan)
                if case .decided(_, .tripwire(let tripwire)) = finding.state { seen.tripwire = tripwire }
                seen.comparison = CanaryTrial.objective.comparison(finding)
                let backlog = BacklogGuard()
                let stagnation = seen.fleet?.isDrained == false ? backlog.stagnation(in: evidence) : nil
                seen.backlog = backlog.harm(in: evidence) ?? MissGuard().harm(in: evidence) ?? stagnation
            default: break
            }
        }

        /// What each metric may rise before it comes near the limit of the service's objective.
        private var room: [ComparedMetric: Double] {
            var (first, firsts, gap, gaps) = (0.0, 0, 0.0, 0)
            for bucket in evidence.before {
                first += bucket.control.firstToken.sum
                firsts += bucket.control.firstToken.count
                gap += bucket.control.perToken.sum
                gaps += bucket.control.perToken.count
            }
            guard firsts > 0, gaps > 0 else { return [:] }
            return [
                .timeToFirstToken: max(0, log(0.8 * 2) - first / Double(firsts)),
                .timePerOutputToken: max(0, log(0.8 * 0.05) - gap / Double(gaps)),
            ]
        }

        private mutating func perform(_ effect: ExperimentEffect, of experiment: KnobExperiment, _ groups: inout Bool) {
            switch effect {
            case .formGroups:
                guard !groups else { break }
                fleet.drawGroups()
                evidence = CanaryEvidence()
                groups = true
            case .applyToCanary(let configuration):
                damage.begin(fleet)
                fleet.apply(configuration, to: [.canary])
                appliedAt = fleet.time
            case .promote(let configuration, let share):
                fleet.apply(configuration, to: share < 1 ? [.canary, .control] : [.canary, .control, .rest])
            case .restore(let configuration): fleet.apply(configuration, to: [.canary, .control, .rest])
            case .releaseGroups: groups = false
            }
        }
    }
}
