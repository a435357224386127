import BackTesting
import Measurements
import Policies
import Scaling

/// Contestants by what people call them.
enum ContestantNames {
    static let known = "fixed:N (a fleet of N replicas), fixed (the smallest fleet that keeps the objective, known only afterwards)"

    /// - Parameters:
    ///   - target: Share of requests in time, for those that are tuned to it.
    ///   - replicas: What the pool allows.
    static func contestant(_ word: String, target: Double, replicas: ClosedRange<Int>) throws -> Contestant {
        let parts = word.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        switch (parts[0], parts.count) {
        case ("fixed", 1): return bestFixedFleet(target)
        case ("fixed", 2):
            guard let count = Int(parts[1]), replicas.contains(count) else {
                throw CommandFailure(
                    "--against \(word): '\(parts[1])' is no number of replicas from \(replicas.lowerBound) to \(replicas.upperBound); "
                        + "--replicas says which are allowed")
            }
            return Contestant(name: word) { fleet(of: count, $0) }
        default: throw CommandFailure("--against: nobody is called '\(word)'; known are \(known)")
        }
    }

    private static func bestFixedFleet(_ target: Double) -> Contestant {
        Contestant(name: "fixed") { fleet(of: $0.smallestFleet(for: target, over: $0.end), $0) }
    }

    /// A fleet that is there from the beginning.
    private static func fleet(of count: Int, _ trial: ScalingTrial) -> TrialScore {
        var trial = trial
        trial.setup.replicas = count
        var fleet = FixedFleet(count)
        return trial.score(&fleet)
    }
}
