import EngineModels
import Foundation
import Measurements
import Policies
import Simulation
import Tuning

/// An engine under a load, with the settings that may be tried on it.
struct TuningWorld {
    var name: String
    var profile: EngineProfile
    /// Requests per second in the mean, over all replicas.
    var rate: Double
    var replicas = 8
    /// Of the logarithm of the load.
    var loadDeviation = 0.2
    var batchedTokens = [256, 512, 1_024, 2_048, 4_096, 8_192]
    var sequences = [32, 64, 128, 256]
    var start: Configuration
    /// Of one configuration, to tell how good it is.
    var landscapeSeconds = 600.0
    var episodes = 14
    var terms = Terms()
    let bucket = Nanoseconds(seconds: 10)
    var naiveWindow = Nanoseconds(seconds: 300)

    /// How long the parts of a trial take at least, or at most.
    struct Terms {
        var alike = Duration.seconds(600)
        var observation = Duration.seconds(1_800)
        var probation = Duration.seconds(1_800)
    }

    static let wholeKnob = "configuration"
    static let tokensKnob = "max_num_batched_tokens"
    static let sequencesKnob = "max_num_seqs"

    static func configuration(_ tokens: Int, _ sequences: Int) -> Configuration {
        Configuration([tokensKnob: .integer(tokens), sequencesKnob: .integer(sequences)])
    }

    static let large = TuningWorld(name: "70B, bad start", profile: .llama70BOnFourH100, rate: 50, start: configuration(256, 32))
    static let small = TuningWorld(name: "7B", profile: .llama7BOnH100, rate: 64, start: configuration(256, 32))

    /// Half as large, with a coarser grid and less patience, so that a test takes seconds.
    static let brief: TuningWorld = {
        var world = TuningWorld(name: "70B, brief", profile: .llama70BOnFourH100, rate: 25, start: configuration(256, 32))
        world.replicas = 4
        world.loadDeviation = 0.1
        world.batchedTokens = [256, 512, 4_096]
        world.sequences = [32, 64]
        world.landscapeSeconds = 150
        world.episodes = 4
        world.terms = Terms(alike: .seconds(120), observation: .seconds(300), probation: .seconds(60))
        return world
    }()

    func startingAtOptimum(_ landscape: Landscape) -> TuningWorld {
        var world = self
        world.name = "\(name), from the optimum"
        world.start = landscape.optimum ?? start
        return world
    }

    var grid: TuningGrid {
        TuningGrid(
            knobs: [
                TunedKnob(name: Self.tokensKnob, role: .batchTokens, values: batchedTokens.map(KnobValue.integer)),
                TunedKnob(name: Self.sequencesKnob, role: .concurrency, values: sequences.map(KnobValue.integer)),
            ], rules: [.fits(profile, longestRequest: 15_050), .atLeast(.batchTokens, other: .concurrency)])
    }

    /// Of a service whose settings are tuned.
    var policy: Policy {
        var policy = Policy(name: "tuned")
        policy.mode = .auto
        policy.monitor.interval = .seconds(10)
        policy.monitor.sources = []
        policy.verify.settle = .seconds(30)
        policy.knobs = [
            Knob(
                name: Self.wholeKnob, domain: .values(grid.all.map { .text("\($0)") }),
                place: .environment(container: "vllm", name: "CONFIGURATION"), role: .other)
        ]
        policy.tune = TuneTerms()
        return policy
    }

    /// A quarter of the replicas.
    var groupSize: Int { max(1, replicas / 4) }

    func replicas(of group: TunedFleet.Group) -> Int { group == .rest ? replicas - 2 * groupSize : groupSize }

    func settings(_ configuration: Configuration) -> EngineSettings {
        guard let settings = EngineSettings(configuration, in: grid) else { preconditionFailure("\(configuration)") }
        return settings
    }

    // MARK: The service's objective, the same whatever is tried

    private var objective: ServiceObjective { ServiceObjective() }
    private static let reference = EngineSettings()

    func isMet(_ outcome: RequestOutcome) -> Bool { objective.isMet(by: outcome, on: profile, Self.reference) }

    func isOverdue(_ request: SimulatedRequest, at time: Nanoseconds) -> Bool {
        let answer = Double(request.outputTokens) * objective.timePerOutputToken.seconds
        let limit = objective.firstTokenLimit(inputTokens: request.inputTokens, on: profile, Self.reference)
        return time > request.arrival + limit + Nanoseconds(seconds: answer)
    }

    // MARK: What is true

    /// How good each configuration is where all replicas have it.
    struct Landscape {
        struct Place {
            var objective: Double
            var missed: Double
            /// It cannot keep up: more than half of the requests miss the service's objective.
            var isUnstable: Bool { missed > 0.5 }
        }

        let places: [Configuration: Place]

        var best: Double { places.values.filter { !$0.isUnstable }.map(\.objective).min() ?? .infinity }
        var optimum: Configuration? {
            places.filter { !$0.value.isUnstable }.min { ($0.value.objective, "\($0.key)") < ($1.value.objective, "\($1.key)") }?.key
        }
        subscript(configuration: Configuration) -> Place { places[configuration]! }
    }

    /// - Parameter profile: Of a model of the engine that may be wrong; `nil` is the engine itself.
    func landscape(seed: UInt64 = 4_242, profile: EngineProfile? = nil, seconds: Double? = nil) -> Landscape {
        let places = grid.all.filter { grid.refusal(of: $0) == nil }.map { configuration in
            var fleet = TunedFleet(self, configuration, seed: seed, profile: profile)
            _ = fleet.advance(by: Nanoseconds(seconds: 60))
            var (objective, measured, missed, judged) = (0.0, 0, 0, 0)
            let length = Nanoseconds(seconds: seconds ?? landscapeSeconds)
            let tallies = fleet.advance(by: length)
            for tally in tallies {
                objective += tally.objective
                measured += tally.measured
                missed += tally.missed
                judged += tally.judged
            }
            let place = Landscape.Place(
                objective: measured > 0 ? objective / Double(measured) : .infinity,
                missed: judged > 0 ? Double(missed) / Double(judged) : 1)
            return (configuration, place)
        }
        return Landscape(places: Dictionary(uniqueKeysWithValues: places))
    }

    /// The landscape as a model tells it whose constants are wrong by about a fifth.
    func twin(seed: UInt64) -> EffectPrior {
        var wrong = profile
        wrong.latency.overhead *= 1.4
        wrong.latency.weightRead *= 0.85
        wrong.latency.computePerToken *= 1.15
        wrong.latency.cachePerToken *= 0.7
        return EffectPrior(expected: landscape(seed: seed, profile: wrong, seconds: 200).places.mapValues(\.objective))
    }
}

extension TokenLengths {
    /// Quantiles of the prompts of Azure's conversations of 2023.
    static let azureInputs = TokenLengths.quantiles(
        points([
            (0, 2), (0.05, 181), (0.1, 207), (0.2, 387), (0.3, 403), (0.4, 703), (0.5, 1_020), (0.6, 1_071), (0.7, 1_130), (0.8, 1_315),
            (0.9, 2_735), (0.95, 4_083), (0.99, 4_142), (1, 6_000),
        ]))
    /// And of their answers.
    static let azureOutputs = TokenLengths.quantiles(
        points([
            (0, 7), (0.05, 41), (0.1, 54), (0.2, 77), (0.3, 91), (0.4, 103), (0.5, 129), (0.6, 177), (0.7, 384), (0.8, 400), (0.9, 424),
            (0.95, 451), (0.99, 601), (1, 1_000),
        ]))

    private static func points(_ pairs: [(Double, Double)]) -> [QuantilePoint] {
        pairs.map { QuantilePoint(share: $0.0, tokens: $0.1) }
    }
}
