#if canImport(Glibc)
    private import Glibc
#elseif canImport(Darwin)
    private import Darwin
#endif

/// A level, and how wrong forecasts from it were.
struct ForecastTrack: Sendable, Codable, Hashable {
    var level: DemandLevel
    let isSeasonal: Bool
    /// What is to be expected of forecasts to come.
    private var spread: ErrorSpread
    /// What it was like lately, by which it is compared with others.
    private var recentSpread: ErrorSpread

    /// - Parameters:
    ///   - memory: How far back it looks, seconds.
    ///   - errorMemory: How far back errors count, seconds; half as far in comparisons.
    init(memory: Double, isSeasonal: Bool, errorMemory: Double) {
        level = DemandLevel(memory: memory)
        self.isSeasonal = isSeasonal
        spread = ErrorSpread(memory: errorMemory)
        recentSpread = ErrorSpread(memory: errorMemory / 2)
    }

    /// In replicas, at least this much.
    private static let leastDemand = 0.02
    /// Added to both sides of a ratio: with next to no demand it says nothing.
    private static let offset = 0.3
    /// Errors count for no more than so many deviations: one burst is no reason for hours of head-room.
    private static let largestError = 2.0

    func demand(ratio: Double) -> Double { max(level.value * (isSeasonal ? ratio : 1), Self.leastDemand) }

    /// - Parameter seconds: For which the error stands.
    mutating func add(_ seen: Double, against forecast: Double, seconds: Double) {
        let error = log((seen + Self.offset) / (forecast + Self.offset))
        let bound = Self.largestError * spread.deviation
        let counted = min(max(error, -bound), bound)
        spread.add(counted, seconds: seconds)
        recentSpread.add(counted, seconds: seconds)
    }

    /// What demand may come to be.
    func forecast(ratio: Double) -> DemandForecast {
        let demand = demand(ratio: ratio)
        let deviation = spread.deviation
        return DemandForecast(
            expert: ForecastExpert(memory: level.memory, isSeasonal: isSeasonal), demand: demand,
            outcomes: ErrorShape.nodes.map { error, weight in
                DemandForecast.Outcome(demand: max(0, (demand + Self.offset) * exp(deviation * error) - Self.offset), weight: weight)
            }, deviation: recentSpread.deviation)
    }
}
