import BackTesting
import Baselines
import EngineModels
import Measurements
import Scaling
import Simulation

/// Contestants by what people call them.
struct ContestantNames {
    /// Share of requests in time, for those that are tuned to it.
    let target: Double

    /// Who is known beside the autoscalers of others, for messages and help.
    static let own = [
        ("planner", "this tool's planner of replicas: forecasts, conformal head-room and an error budget"),
        ("fixed:N", "a fleet of N replicas"),
        ("fixed", "the smallest fleet that keeps the objective, known only afterwards"),
        ("clairvoyant", "who knows the future; costs are held against it. Its search takes some forty runs a seed"),
    ]

    /// Autoscalers of others.
    static let others = Baseline.all.map(\.name).filter { $0 != "fixed" }

    static let clairvoyant = BackTest.clairvoyantName

    /// - Parameter trial: One of those it is to be tried in.
    func contestant(_ word: String, in trial: ScalingTrial) throws -> Contestant {
        let parts = word.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        switch (parts[0], parts.count) {
        case ("planner", 1): return planner
        case ("fixed", 1):
            return Contestant(name: "fixed") { trial in
                Self.fleet(of: trial.bestFixedFleet(attaining: target)?.replicas ?? trial.replicaRange.upperBound, trial)
            }
        case ("fixed", 2):
            let range = trial.replicaRange
            guard let count = Int(parts[1]), range.contains(count) else {
                throw CommandFailure(
                    "--against \(word): '\(parts[1])' is no number of replicas from \(range.lowerBound) to \(range.upperBound); "
                        + "--replicas says which are allowed")
            }
            return Contestant(name: word) { Self.fleet(of: count, $0) }
        default: return try baseline(word, in: trial)
        }
    }

    /// Those of others, in fleets as large as the first one's may be.
    private func baseline(_ word: String, in trial: ScalingTrial) throws -> Contestant {
        let context = BaselineContext(
            profile: trial.setup.profile, settings: trial.setup.settings, timeToFirstToken: trial.objective.firstTokenBase,
            timePerOutputToken: trial.objective.timePerOutputToken, replicaRange: trial.replicaRange)
        do {
            // A value that has seen nothing yet: each trial gets a copy of it.
            let scaler = try Baseline.named(word, for: context)
            return .scaler(name: word) { _ in scaler }
        } catch {
            throw CommandFailure("--against \(word): \(error); beside them \(Self.own.map(\.0).joined(separator: ", "))")
        }
    }

    /// A fleet that is there from the beginning.
    private static func fleet(of count: Int, _ trial: ScalingTrial) -> TrialScore {
        var trial = trial
        trial.setup.replicas = count
        var fleet = FixedFleet(count)
        return trial.score(&fleet)
    }

    /// It aims at half the misses that are allowed, for its budget is spent unevenly.
    private var planner: Contestant {
        .scaler(name: "planner") { trial in
            let start = trial.setup.coldStart
            // Rather long starts: the 0.8-quantile of a lognormal is about this much above its median.
            let slow = start.median.seconds * (1 + 0.93 * start.deviation)
            return ReplicaPlanner(
                PlannerSettings(
                    profile: trial.setup.profile, engine: trial.setup.settings, timePerOutputToken: trial.objective.timePerOutputToken,
                    attainment: min(1 - (1 - target) / 2, 0.999_9), coldStart: Nanoseconds(seconds: slow)))
        }
    }
}
