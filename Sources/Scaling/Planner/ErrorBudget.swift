/// Weighs head-room by the share of requests that miss their objective: an integrator on the error budget.
///
/// Every request counts the same, so that in the long run misses are as many as the budget has. Misses that what was asked for already
/// answers (replicas are starting) count later, a little at a time: counted at once they would ask for the same replicas again.
struct ErrorBudget: Sendable, Codable, Hashable {
    /// Factor on head-room.
    private(set) var weight = 1.0
    /// Put off, in the unit of ``weight``.
    private var deferred = 0.0
    /// Requests that end in a period, in the mean.
    private var usualCount = DemandLevel(memory: 3_600)
    private var hours: [Hour] = []

    /// Share of a period's misses that count at once while replicas are starting for them.
    private static let shareWhileStarting = 0.25
    /// What was put off is counted over so many seconds.
    private static let deferral = 7_200.0

    /// - Parameters:
    ///   - missed: Of the requests that ended in the period.
    ///   - isAnswered: Whether more replicas were asked for than serve.
    mutating func add(_ finished: ScalingObservation.Finished, time: Double, length: Double, isAnswered: Bool, settings: PlannerSettings) {
        remember(finished, time: time)
        if finished.count > 0 { usualCount.add(Double(finished.count), seconds: length) }
        let due = deferred * min(1, length / Self.deferral)
        deferred -= due
        weight += due
        if finished.count > 0 {
            let budget = 1 - settings.attainment
            let surplus = (Double(finished.missed) - budget * Double(finished.count)) / max(usualCount.value, 50)
            let now = isAnswered && surplus > 0 ? Self.shareWhileStarting : 1
            weight += settings.gain * now * surplus
            deferred += settings.gain * (1 - now) * surplus
        }
        weight = min(max(weight, settings.weights.lowerBound), settings.weights.upperBound)
    }

    /// Share of requests in time over the last day; `nil` where none ended.
    var attainment: Double? {
        let count = hours.reduce(0) { $0 + $1.count }
        return count > 0 ? 1 - Double(hours.reduce(0) { $0 + $1.missed }) / Double(count) : nil
    }

    /// Time begins again; what was learned stays.
    mutating func restart() { hours.removeAll() }

    private mutating func remember(_ finished: ScalingObservation.Finished, time: Double) {
        let hour = Int(time / 3_600)
        if hours.last?.number != hour { hours.append(Hour(number: hour)) }
        hours.removeAll { $0.number <= hour - 24 }
        hours[hours.count - 1].count += finished.count
        hours[hours.count - 1].missed += finished.missed
    }

    private struct Hour: Sendable, Codable, Hashable {
        var number: Int
        var count = 0
        var missed = 0
    }
}
