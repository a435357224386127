public import Policies
public import Scaling
import Simulation

/// Whoever decides about replicas or settings in a back-test.
public struct Contestant: Sendable {
    public let name: String
    let score: @Sendable (ScalingTrial) async throws -> TrialScore

    /// - Parameter score: How it does in a trial; the same for the same trial.
    public init(name: String, score: @escaping @Sendable (ScalingTrial) async throws -> TrialScore) {
        self.name = name
        self.score = score
    }

    /// One that decides about replicas only.
    /// - Parameter make: A new one that has seen nothing yet, for each trial.
    public static func scaler(name: String, _ make: @escaping @Sendable (ScalingTrial) -> any ReplicaScaler) -> Contestant {
        Contestant(name: name) { trial in
            var scaler = make(trial)
            return trial.score(&scaler)
        }
    }

    /// A policy, as the production loop carries it out.
    /// - Parameter look: Is told each outcome, in the order of the seeds.
    public static func policy(_ policy: Policy, look: @escaping @Sendable (PolicyTrial.Outcome) -> Void = { _ in }) -> Contestant {
        Contestant(name: policy.name) { trial in
            let outcome = await (try PolicyTrial(trial, policy: policy)).run()
            look(outcome)
            return outcome.score
        }
    }
}

/// Contestants under the same loads: for every seed the same arrivals, cold starts and noise for all of them.
public struct BackTest: Sendable {
    public var contestants: [Contestant]
    /// Each makes one trial; at least one.
    public var seeds: [UInt64]
    /// Share of a minute's requests below which the minute missed the objective, `0...1`.
    public var target: Double
    /// The trial of a seed.
    public var trial: @Sendable (UInt64) -> ScalingTrial
    /// What who knows the future does in a trial, `nil` where even that does not attain the target; not asked where nobody computes it.
    public var clairvoyant: (@Sendable (ScalingTrial) -> ScalingScore?)?

    public init(
        contestants: [Contestant], seeds: [UInt64], target: Double = 0.99,
        clairvoyant: (@Sendable (ScalingTrial) -> ScalingScore?)? = nil, trial: @escaping @Sendable (UInt64) -> ScalingTrial
    ) {
        self.contestants = contestants
        self.seeds = seeds
        self.target = target
        self.clairvoyant = clairvoyant
        self.trial = trial
    }

    public static let clairvoyantName = "clairvoyant"

    /// Runs every contestant in every trial, one after the other.
    /// - Parameter step: Called before each with what is to come and how far it is, `0..<1`; what it throws ends the back-test.
    /// - Throws: `CancellationError` where a trial was cancelled.
    public func run(step: (String, Double) throws -> Void = { _, _ in }) async throws -> [Scorecard.Row] {
        let names = contestants.map(\.name) + (clairvoyant == nil ? [] : [Self.clairvoyantName])
        var rows = names.map { Scorecard.Row(name: $0, figures: []) }
        let steps = Double(seeds.count * (rows.count + 1))
        var done = 0.0
        for seed in seeds {
            func begin(_ name: String) throws {
                try step("\(name), seed \(seed)", done / steps)
                done += 1
            }
            let trial = trial(seed)
            func finished<Score>(_ score: Score) throws -> Score {
                if trial.isCancelled() { throw CancellationError() }
                return score
            }
            try begin("untouched")
            var untouched = FixedFleet(trial.setup.replicas)
            var context = ScoreContext(trial, target: target, untouched: try finished(trial.score(&untouched)).minutes)
            if let clairvoyant, let last = rows.indices.last {
                try begin(Self.clairvoyantName)
                let limit = try finished(clairvoyant(trial))
                context.clairvoyantHours = limit?.replicaHours
                rows[last].figures.append(limit.map(context.figures(ofLimit:)) ?? [:])
            }
            for (index, contestant) in contestants.enumerated() {
                try begin(contestant.name)
                rows[index].figures.append(context.figures(of: try finished(await contestant.score(trial))))
            }
        }
        return rows
    }
}
