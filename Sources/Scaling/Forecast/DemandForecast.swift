/// What one expert says will be wanted when a replica that is asked for now serves.
struct DemandForecast: Sendable, Codable, Hashable {
    var expert: ForecastExpert
    /// Demand, in replicas.
    var demand: Double
    /// What demand may come to be: the forecast with each of its past errors; in replicas, with weights that add up to 1.
    var outcomes: [Outcome]

    struct Outcome: Sendable, Codable, Hashable {
        var demand: Double
        var weight: Double
    }

    /// Demand that so many replicas would serve too late, in replicas; at least 1 replica.
    func late(with replicas: Int) -> Double {
        let share = 1 / Double(replicas)
        return outcomes.reduce(0) { $0 + $1.weight * $1.demand * LateShare.at(load: $1.demand * share) }
    }

    /// The number of replicas at which they and what is late cost least together.
    /// - Parameter price: Of demand that is late, in replicas for one replica's worth of it.
    func cheapest(price: Double, atMost most: Int) -> (replicas: Int, cost: Double) {
        var best = (replicas: 1, cost: Double.infinity)
        for replicas in 1...max(1, most) where Double(replicas) < best.cost {
            let cost = Double(replicas) + price * late(with: replicas)
            if cost < best.cost { best = (replicas, cost) }
        }
        return best
    }
}

/// A way to forecast demand, and a way to think of its errors.
public struct ForecastExpert: Sendable, Codable, Hashable, CustomStringConvertible {
    /// How far back it looks, seconds.
    public var memory: Double
    /// Whether it expects the day to go like those before it.
    public var isSeasonal: Bool
    public var errors: ErrorForm

    public var description: String { "\(Int(memory)) s \(errors.rawValue)\(isSeasonal ? ", seasonal" : "")" }
}

/// What errors are thought to be like.
public enum ErrorForm: String, Sendable, Codable, Hashable, CaseIterable {
    /// As large by night as by day.
    case additive
    /// In proportion to the demand.
    case multiplicative
}
