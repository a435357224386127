/// A level, and the errors that forecasts from it made.
struct ForecastTrack: Sendable, Codable, Hashable {
    var level: DemandLevel
    let isSeasonal: Bool
    private var differences: RollingSample
    private var ratios: RollingSample

    init(memory: Double, isSeasonal: Bool, remembered: Int) {
        level = DemandLevel(memory: memory)
        self.isSeasonal = isSeasonal
        differences = RollingSample(capacity: remembered)
        ratios = RollingSample(capacity: remembered)
    }

    /// In replicas, at least this much.
    private static let leastDemand = 0.02
    /// Added to both sides of a ratio: with next to no demand it says nothing.
    private static let offset = 0.3

    func forecast(ratio: Double) -> Double { max(level.value * (isSeasonal ? ratio : 1), Self.leastDemand) }

    mutating func add(_ seen: Double, against forecast: Double) {
        differences.add(seen - forecast)
        ratios.add((seen + Self.offset) / (forecast + Self.offset))
    }

    /// What demand may come to be, with errors of either form.
    func forecasts(ratio: Double) -> [DemandForecast] {
        let demand = forecast(ratio: ratio)
        let scale = demand + Self.offset
        return ErrorForm.allCases.map { form in
            let outcomes: [Double] =
                switch form {
                case .additive: differences.values.map { max(0, demand + $0) }
                case .multiplicative: ratios.values.map { max(0, scale * $0 - Self.offset) }
                }
            return DemandForecast(
                expert: ForecastExpert(memory: level.memory, isSeasonal: isSeasonal, errors: form), demand: demand,
                outcomes: Self.blended(outcomes, ErrorPrior.ratios.map { max(0, scale * $0 - Self.offset) }))
        }
    }

    /// What was seen, and as long as that is little, what is thought beforehand.
    private static func blended(_ seen: [Double], _ prior: [Double]) -> [DemandForecast.Outcome] {
        let doubt = seen.count < ErrorPrior.enough ? ErrorPrior.weight : 0
        let total = Double(seen.count) + doubt
        let thought = doubt > 0 ? prior.map { DemandForecast.Outcome(demand: $0, weight: doubt / total / Double(prior.count)) } : []
        return seen.map { DemandForecast.Outcome(demand: $0, weight: 1 / total) } + thought
    }
}

/// How wrong forecasts are thought to be before any was judged: by a seventh or so, as those of a calm service are.
private enum ErrorPrior {
    /// Ratios along a lognormal distribution with deviation 0.14.
    static let ratios = [0.836, 0.889, 0.930, 0.966, 1, 1.036, 1.076, 1.125, 1.196, 1.26, 1.332]
    /// So many errors weigh as much, and from so many on the prior is left out.
    static let weight = 10.0
    static let enough = 60
}
