import Foundation
import Learning
import Measurements
import Statistics
import Tuning
import Verification

/// What a way of tuning came to on a service.
struct TrialResult {
    /// Objective of the configuration in force after each episode, as it truly is.
    var objectives: [Double] = []
    var final: Configuration
    /// Requests that missed the service's objective beyond what the start configuration lets miss, where anything else was tried.
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

/// What an unlucky service pays for tuning.
struct DamageCount {
    let landscape: TuningWorld.Landscape
    let start: Configuration
    private(set) var misses = 0.0
    private(set) var longestUnstable = 0.0
    private var unstableSince: [Double?] = [nil, nil, nil]
    private var touched: [Double] = [-1e9, -1e9, -1e9]

    init(_ landscape: TuningWorld.Landscape, start: Configuration) {
        self.landscape = landscape
        self.start = start
    }

    /// Counts a bucket that ends at a time.
    mutating func add(_ tallies: [TunedFleet.Tally], _ configurations: [Configuration], until end: Double, seconds: Double) {
        for group in tallies.indices {
            if configurations[group] != start { touched[group] = end }
            // What a bad configuration left behind is its doing too.
            if end - touched[group] <= 60 {
                misses += max(0, Double(tallies[group].missed) - landscape[start].missed * Double(tallies[group].judged))
            }
            if landscape[configurations[group]].isUnstable {
                let since = unstableSince[group] ?? end - seconds
                unstableSince[group] = since
                if configurations[group] != start { longestUnstable = max(longestUnstable, end - since) }
            } else {
                unstableSince[group] = nil
            }
        }
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
        var triedAtRandom: Set<Configuration> = []

        init(_ trial: CanaryTrial, seed: UInt64) {
            self.trial = trial
            let world = trial.world
            var limits = TuningLimits()
            limits.coolDown = Nanoseconds(0)
            limits.experimentsPerHour = .max
            tuner = KnobTuner(
                grid: world.grid, incumbent: world.start, prior: trial.order == .twin ? world.twin(seed: seed) : .flat, limits: limits)
            // The service has run for a day.
            tuner.count(requests: Int(world.rate * 86_400), excessMisses: 0, at: Timestamp(Nanoseconds(0)))
            fleet = TunedFleet(world, world.start, seed: seed)
            damage = DamageCount(trial.landscape, start: world.start)
            result = TrialResult(final: world.start)
            _ = fleet.advance(by: Nanoseconds(seconds: 60))
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
                now: now, readyReplicas: trial.world.replicas, requestsPerSecond: trial.world.rate)
            let decisionSeed = seed &* 1_000 &+ UInt64(number)
            guard case .draw(let drawn) = tuner.decide(situation, seed: decisionSeed) else { return result.endings.append("held") }
            let draw = trial.order == .random ? atRandom(drawn, seed: decisionSeed) : drawn
            // Where nothing promises enough, nothing is done and nothing has to be watched.
            if draw.choice == nil, draw.propensities.probability > 0.5 {
                _ = pass(nil)
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
            if ended.inForce != ended.from { result.kept += 1 }
            result.endings.append("\(draw.choice.map { "\($0)" } ?? "nothing"): \(experiment.state)")
        }

        private mutating func atRandom(_ draw: TuningDraw, seed: UInt64) -> TuningDraw {
            var generator = SplitMix64(seed: seed)
            let untried = draw.options.filter { $0.exclusion == nil && !triedAtRandom.contains($0.configuration) }
            guard let choice = untried.randomElement(using: &generator)?.configuration else { return draw }
            triedAtRandom.insert(choice)
            return TuningDraw(
                choice: choice, propensities: draw.propensities, isUrgent: false, seed: draw.seed, incumbent: draw.incumbent,
                options: draw.options)
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
            damage.add(tallies, fleet.configurations, until: fleet.time.seconds, seconds: trial.bucket.seconds)
            let isExposed = fleet[.canary] != fleet[.control] || experiment?.draw.choice != nil
            let share = Double(tallies[0].judged) / Double(max(1, tallies[1].judged))
            let excess = isExposed ? Double(tallies[0].missed) - share * Double(tallies[1].missed) : 0
            tuner.count(requests: tallies.reduce(0) { $0 + $1.judged }, excessMisses: excess, at: Timestamp(fleet.time))
            return tallies
        }

        private func observation(of experiment: KnobExperiment, _ tallies: [TunedFleet.Tally], _ groups: Bool) -> ExperimentObservation {
            var seen = ExperimentObservation(now: Timestamp(fleet.time))
            let share = TunedFleet.Group.allCases.reduce(0.0) { sum, group in
                sum + (fleet[group] == fleet[.canary] ? Double(trial.world.replicas(of: group)) : 0)
            }
            seen.fleet = FleetState(
                canary: fleet[.canary], others: fleet[.rest], canaryShare: share / Double(trial.world.replicas), hasGroups: groups)
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
                guard seen.now.since(experiment.since) >= trial.terms.alike else { return }
                seen.alike = CanaryTrial.objective.alike(verify(evidence, plan: plan), buckets: evidence.before.count)
            case .applying, .settling, .observing:
                let finding = verify(evidence, plan: plan)
                if case .decided(_, .tripwire(let tripwire)) = finding.state { seen.tripwire = tripwire }
                seen.comparison = CanaryTrial.objective.comparison(finding)
                seen.backlog = BacklogGuard().harm(in: evidence)
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
            case .formGroups: groups = true
            case .applyToCanary(let configuration): fleet.apply(configuration, to: [.canary])
            case .promote(let configuration, let share):
                fleet.apply(configuration, to: share < 1 ? [.canary, .control] : [.canary, .control, .rest])
            case .restore(let configuration): fleet.apply(configuration, to: [.canary, .control, .rest])
            case .releaseGroups: groups = false
            }
        }
    }
}
