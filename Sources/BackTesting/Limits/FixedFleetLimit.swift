import Scaling
import Simulation

/// The smallest fleet that would have been enough, had somebody known the load.
public struct FixedFleetLimit: Sendable, Codable, Hashable {
    public var replicas: Int
    public var score: ScalingScore
}

extension ScalingTrial {
    /// The smallest fleet, ready from the beginning, that attains a share of the objective; `nil` where the largest allowed does not.
    ///
    /// Found by bisection: a few runs of the trial.
    public func bestFixedFleet(attaining: Double = 0.99) -> FixedFleetLimit? {
        var (low, high) = (replicaRange.lowerBound, replicaRange.upperBound)
        guard var best = fixedFleet(of: high, attaining: attaining) else { return nil }
        while low < high {
            let middle = (low + high) / 2
            if let fleet = fixedFleet(of: middle, attaining: attaining) {
                best = fleet
                high = middle
            } else {
                low = middle + 1
            }
        }
        return best
    }

    private func fixedFleet(of replicas: Int, attaining: Double) -> FixedFleetLimit? {
        var trial = self
        trial.setup.replicas = replicas
        var fleet = FixedFleet(replicas)
        let score = trial.run(&fleet)
        return (score.attainment ?? 1) >= attaining ? FixedFleetLimit(replicas: replicas, score: score) : nil
    }
}
