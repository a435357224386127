#if canImport(Glibc)
    private import Glibc
#elseif canImport(Darwin)
    private import Darwin
#endif

/// What one expert says will be wanted when a replica that is asked for now serves.
struct DemandForecast: Sendable, Codable, Hashable {
    var expert: ForecastExpert
    /// Demand, in replicas.
    var demand: Double
    /// What demand may come to be; in replicas, with weights that add up to 1.
    var outcomes: [Outcome]
    /// How far its forecasts were off in the last hours.
    var deviation: Double
    /// How much it is listened to; of all experts 1 together.
    var weight = 1.0

    struct Outcome: Sendable, Codable, Hashable {
        var demand: Double
        var weight: Double
    }

    /// Demand that so many replicas would serve too late, in replicas; at least 1 replica.
    func late(with replicas: Int) -> Double {
        let share = 1 / Double(replicas)
        return outcomes.reduce(0) { $0 + $1.weight * $1.demand * LateShare.at(load: $1.demand * share) }
    }
}

/// What all experts say together, each listened to the more the less it was off.
///
/// A mixture rather than the best of them: whichever was luckiest is too confident, and experts that disagree are a reason for head-room.
struct DemandOutlook: Sendable, Codable, Hashable {
    /// At least one.
    private(set) var forecasts: [DemandForecast]

    /// An expert whose deviation is so much larger than the best one's, as a share of it, counts for 1/e.
    private static let tolerance = 0.05

    /// - Parameter forecasts: At least one.
    init(_ forecasts: [DemandForecast]) {
        self.forecasts = forecasts
        let least = max(forecasts.map(\.deviation).min() ?? 1, 1e-9)
        let weights = forecasts.map { exp(-($0.deviation / least - 1) / Self.tolerance) }
        let sum = weights.reduce(0, +)
        for index in forecasts.indices { self.forecasts[index].weight = weights[index] / sum }
    }

    /// Mean forecast, in replicas.
    var demand: Double { forecasts.reduce(0) { $0 + $1.weight * $1.demand } }

    /// Who is listened to most.
    var leader: ForecastExpert? { forecasts.max { $0.weight < $1.weight }?.expert }

    /// Demand that so many replicas would serve too late, in replicas; at least 1 replica.
    func late(with replicas: Int) -> Double {
        // Those that count for less than a hundredth change no plan.
        forecasts.reduce(0) { $0 + ($1.weight > 0.01 ? $1.weight * $1.late(with: replicas) : 0) }
    }

    /// The number of replicas at which they and what is late cost least together.
    /// - Parameters:
    ///   - price: Of demand that is late, in replicas for one replica's worth of it.
    ///   - present: As many as are asked for already stay where another number would save no more than `changeCost`, in replicas.
    func cheapest(price: Double, atMost most: Int, present: Int = 0, changeCost: Double = 0) -> Int {
        func cost(_ replicas: Int) -> Double { Double(replicas) + price * late(with: replicas) }
        var best = (replicas: 1, cost: Double.infinity)
        for replicas in 1...max(1, most) where Double(replicas) < best.cost {
            let cost = cost(replicas)
            if cost < best.cost { best = (replicas, cost) }
        }
        return present > 0 && cost(present) <= best.cost + changeCost ? present : best.replicas
    }
}

/// A way to forecast demand.
public struct ForecastExpert: Sendable, Codable, Hashable, CustomStringConvertible {
    /// How far back it looks, seconds.
    public var memory: Double
    /// Whether it expects the day to go like those before it.
    public var isSeasonal: Bool

    public var description: String { "\(Int(memory)) s\(isSeasonal ? ", seasonal" : "")" }
}
