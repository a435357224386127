import Measurements

/// Forecasts of demand from levels with memories of different length, and how wrong each has been.
///
/// What demand may come to be is the forecast times an error of a known shape whose spread is learned.
struct DemandForecaster: Sendable, Codable, Hashable {
    private let lead: Double
    private let window: Double
    private var tracks: [ForecastTrack]
    private(set) var profile = SeasonalProfile()
    private var pending: [PendingForecast] = []
    private var history: RecentDemand

    /// Errors overlap as the windows do: one a minute says as much as four.
    private static let errorInterval = 60.0
    /// Demand that lasts so long makes answers late.
    private static let errorMean = 60.0
    /// Errors taken of each forecast: in the middle and at the end of the time a replica serves at least.
    private static let errorsEach = 2

    /// - Parameters:
    ///   - lead: From asking for a replica to its serving, seconds.
    ///   - window: For how long a replica is wanted at least, seconds.
    init(lead: Double, window: Double, settings: PlannerSettings) {
        self.lead = lead
        self.window = window
        history = RecentDemand(span: lead + window + 2 * Self.errorInterval)
        tracks = [false, true].flatMap { isSeasonal in
            settings.memories.map {
                ForecastTrack(memory: $0, isSeasonal: isSeasonal, errorMemory: settings.errorMemory.seconds)
            }
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
        pending.append(PendingForecast(time: time, demands: tracks.map { $0.demand(ratio: ratio) }))
    }

    /// What all experts say now.
    func outlook(dayTime: Double) -> DemandOutlook {
        let ratio = seasonalRatio(at: dayTime)
        return DemandOutlook(tracks.filter { !$0.isSeasonal || profile.isKnown }.map { $0.forecast(ratio: ratio) })
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
            for part in 1...Self.errorsEach {
                let end = first.time + lead + window * Double(part) / Double(Self.errorsEach)
                guard let seen = history.mean(from: end - Self.errorMean, to: end) else { continue }
                for index in tracks.indices where first.demands.indices.contains(index) {
                    tracks[index].add(
                        seen, against: first.demands[index], seconds: Self.errorInterval / Double(Self.errorsEach))
                }
            }
        }
    }
}

private struct PendingForecast: Sendable, Codable, Hashable {
    var time: Double
    var demands: [Double]
}
