/// Forecasts of demand from levels with memories of different length, and how wrong each has been.
///
/// Head-room is conformal: the share of a forecast's past errors that it does not cover is the share of errors to come that it will not
/// cover, whatever their distribution, as long as tomorrow's errors are like yesterday's.
struct DemandForecaster: Sendable, Codable, Hashable {
    private let lead: Double
    private let window: Double
    private let quantile: Double
    private var tracks: [ForecastTrack]
    private(set) var profile = SeasonalProfile()
    private var pending: [PendingForecast] = []
    private var history: RecentDemand

    /// Errors overlap as the windows do: one a minute says as much as four.
    private static let errorInterval = 60.0

    /// - Parameters:
    ///   - lead: From asking for a replica to its serving, seconds.
    ///   - window: For how long a replica is wanted at least, seconds.
    init(lead: Double, window: Double, settings: PlannerSettings) {
        self.lead = lead
        self.window = window
        quantile = settings.quantile
        history = RecentDemand(span: lead + window + 2 * Self.errorInterval)
        tracks = [false, true].flatMap { isSeasonal in
            settings.memories.map { ForecastTrack(memory: $0, isSeasonal: isSeasonal, remembered: settings.rememberedErrors) }
        }
    }

    /// Takes a period in.
    /// - Parameters:
    ///   - demand: In replicas.
    ///   - time: End of the period, seconds.
    ///   - dayTime: The same from some midnight on.
    mutating func add(_ demand: Double, time: Double, dayTime: Double, length: Double) {
        profile.add(demand, at: dayTime, length: length)
        for index in tracks.indices { tracks[index].level.add(demand, seconds: length) }
        history.add(demand, time: time, length: length)
        judge(at: time)
        guard pending.last.map({ time - $0.time >= Self.errorInterval - 1e-6 }) ?? true else { return }
        let ratio = seasonalRatio(at: dayTime)
        pending.append(PendingForecast(time: time, demands: tracks.map { $0.forecast(ratio: ratio) }))
    }

    /// What every expert says now.
    func forecasts(dayTime: Double) -> [DemandForecast] {
        let ratio = seasonalRatio(at: dayTime)
        return tracks.filter { !$0.isSeasonal || profile.isKnown }.flatMap { $0.forecasts(ratio: ratio, quantile: quantile) }
    }

    /// The level with the memory nearest to so many seconds.
    func level(memory: Double) -> Double {
        tracks.min { abs($0.level.memory - memory) < abs($1.level.memory - memory) }?.level.value ?? 0
    }

    /// From now on demand is another one: levels follow at once, and forecasts from before are not judged.
    mutating func jump(to demand: Double) {
        for index in tracks.indices { tracks[index].level.reset(to: demand) }
        forgetPending()
    }

    /// Forecasts under way are not to be judged by what comes.
    mutating func forgetPending() {
        pending.removeAll()
        history.removeAll()
    }

    /// Time begins again: errors and the course of days are kept, what was under way is not.
    mutating func restart() {
        for index in tracks.indices { tracks[index].level = DemandLevel(memory: tracks[index].level.memory) }
        forgetPending()
        profile.restart()
    }

    private func seasonalRatio(at dayTime: Double) -> Double { profile.ratio(of: dayTime + lead + window / 2, to: dayTime) }

    /// Forecasts whose window is over are compared with what came.
    private mutating func judge(at time: Double) {
        while let first = pending.first, first.time + lead + window <= time + 1e-6 {
            pending.removeFirst()
            guard let seen = history.mean(from: first.time + lead, to: first.time + lead + window) else { continue }
            for index in tracks.indices where first.demands.indices.contains(index) {
                tracks[index].add(seen, against: first.demands[index])
            }
        }
    }
}

/// A level, and the errors that forecasts from it made.
private struct ForecastTrack: Sendable, Codable, Hashable {
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
    /// So many errors weigh as much as what is thought before any was seen: an error of a quarter.
    private static let priorErrors = 60.0
    private static let priorShare = 0.25

    func forecast(ratio: Double) -> Double { max(level.value * (isSeasonal ? ratio : 1), Self.leastDemand) }

    mutating func add(_ seen: Double, against forecast: Double) {
        differences.add(seen - forecast)
        ratios.add((seen + Self.offset) / (forecast + Self.offset))
    }

    func forecasts(ratio: Double, quantile: Double) -> [DemandForecast] {
        let demand = forecast(ratio: ratio)
        let scale = demand + Self.offset
        let prior = Self.priorShare * scale
        let additive = max(blended(differences.quantile(quantile), prior), 0.05)
        let multiplicative = max(blended(ratios.quantile(quantile).map { scale * ($0 - 1) }, prior), 0.02 * scale)
        return [(HeadRoomForm.additive, additive), (.multiplicative, multiplicative)].map { form, headRoom in
            DemandForecast(
                expert: ForecastExpert(memory: level.memory, isSeasonal: isSeasonal, form: form), demand: demand, headRoom: headRoom)
        }
    }

    private func blended(_ seen: Double?, _ prior: Double) -> Double {
        guard let seen else { return prior }
        let count = Double(differences.count)
        let doubt = differences.count >= differences.capacity / 4 ? 0 : Self.priorErrors
        return (count * seen + doubt * prior) / (count + doubt)
    }
}

private struct PendingForecast: Sendable, Codable, Hashable {
    var time: Double
    var demands: [Double]
}
