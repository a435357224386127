import Measurements
import Statistics
import Tuning

/// The tuner people write first: change everything, compare the time after with the time before, keep what looks better.
struct NaiveTrial {
    let world: TuningWorld
    let landscape: TuningWorld.Landscape
    var episodes = 14
    var window = Nanoseconds(seconds: 300)
    var settle = Nanoseconds(seconds: 30)

    func run(seed: UInt64) -> TrialResult {
        var fleet = TunedFleet(world, world.start, seed: seed)
        _ = fleet.advance(by: Nanoseconds(seconds: 60))
        var damage = DamageCount(landscape, start: world.start)
        var incumbent = world.start
        var result = TrialResult(final: incumbent)
        var generator = SplitMix64(seed: seed)
        func pass(_ length: Nanoseconds) -> Double {
            var (sum, count) = (0.0, 0)
            let end = fleet.time + length
            while fleet.time < end {
                let tallies = fleet.advance(by: Nanoseconds(seconds: 10))
                damage.add(tallies, of: fleet, length: Nanoseconds(seconds: 10))
                for tally in tallies {
                    sum += tally.objective
                    count += tally.measured
                }
            }
            return count > 0 ? sum / Double(count) : .infinity
        }
        var untried = Set(landscape.places.keys).subtracting([incumbent])
        for _ in 0..<episodes {
            let before = pass(window)
            let choices = untried.sorted { "\($0)" < "\($1)" }
            guard let choice = choices.randomElement(using: &generator) else { break }
            untried.remove(choice)
            damage.begin(fleet)
            fleet.apply(choice, to: TunedFleet.Group.allCases)
            _ = pass(settle)
            if pass(window) < before {
                incumbent = choice
                result.kept += 1
            } else {
                fleet.apply(incumbent, to: TunedFleet.Group.allCases)
                _ = pass(settle)
                _ = pass(settle)
            }
            damage.end()
            result.objectives.append(landscape[incumbent].objective)
        }
        result.final = incumbent
        result.causedMisses = damage.misses
        result.longestUnstable = damage.longestUnstable
        result.seconds = fleet.time.seconds
        return result
    }
}
