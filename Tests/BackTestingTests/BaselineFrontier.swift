import BackTesting
import Baselines
import Scaling
import Simulation

/// What a baseline takes for so many answers in time, over the settings it is tuned with.
struct BaselineFrontier {
    /// By share in time, rising.
    let scores: [(name: String, score: ScalingScore)]

    /// Runs a trial under each.
    /// - Parameter names: As ``Baseline/named(_:for:)`` knows them, with their settings.
    init(_ names: [String], in trial: ScalingTrial) throws {
        let context = BaselineContext(profile: trial.setup.profile, settings: trial.setup.settings, replicaRange: trial.replicaRange)
        scores = try names.map { name in
            var scaler = try Baseline.named(name, for: context)
            return (name, trial.run(&scaler))
        }.sorted { ($0.score.attainment ?? 0) < ($1.score.attainment ?? 0) }
    }

    /// The least replica hours for so many in time: of settings that reach it, and of mixtures of any that does with any that does not.
    /// - Returns: `nil` where none reaches it.
    func replicaHours(attaining wanted: Double) -> Double? {
        let enough = scores.map(\.score).filter { ($0.attainment ?? 0) >= wanted }
        let fewer = scores.map(\.score).filter { ($0.attainment ?? 0) < wanted }
        var least = enough.map(\.replicaHours).min()
        for (high, low) in enough.flatMap({ high in fewer.map { (high, $0) } }) {
            let (above, below) = (high.attainment ?? 0, low.attainment ?? 0)
            let part = (wanted - below) / (above - below)
            let hours = low.replicaHours + part * (high.replicaHours - low.replicaHours)
            least = min(least ?? hours, hours)
        }
        return least
    }
}
