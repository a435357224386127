#if canImport(Glibc)
    private import Glibc
#elseif canImport(Darwin)
    private import Darwin
#endif

/// Prices late answers by the share of requests that miss their objective: an integrator on the error budget.
///
/// Every request counts the same and none is cut off, so that in the long run misses are as many as the budget has. At one price for all
/// times, replicas are where they prevent the most misses. Misses for which replicas are starting already count later, a little at a time:
/// counted at once they would ask for the same replicas again.
struct ErrorBudget: Sendable, Codable, Hashable {
    /// Logarithm of ``price``.
    private var logPrice: Double
    /// Put off, in the unit of ``logPrice``.
    private var deferred = 0.0
    /// Requests that end in a period, in the mean.
    private var usualCount = DemandLevel(memory: 3_600)
    private var hours: [Hour] = []

    init(price: Double) { logPrice = log(price) }

    /// Of one replica's worth of late demand, in replicas.
    var price: Double { exp(logPrice) }

    private static let bounds = log(3.0)...log(3_000.0)

    /// Share of a period's misses that count at once while replicas are starting for them.
    private static let shareWhileStarting = 0.25
    /// What was put off is counted over so many seconds.
    private static let deferral = 7_200.0

    /// - Parameter isAnswered: Whether more replicas are asked for than serve.
    mutating func add(_ finished: ScalingObservation.Finished, time: Double, length: Double, isAnswered: Bool, settings: PlannerSettings) {
        remember(finished, time: time)
        if finished.count > 0 { usualCount.add(Double(finished.count), seconds: length) }
        let due = deferred * min(1, length / Self.deferral)
        deferred -= due
        logPrice += due
        if finished.count > 0 {
            let budget = 1 - settings.attainment
            let surplus = (Double(finished.missed) - budget * Double(finished.count)) / max(usualCount.value, 50)
            let now = isAnswered && surplus > 0 ? Self.shareWhileStarting : 1
            logPrice += settings.gain * now * surplus
            deferred += settings.gain * (1 - now) * surplus
        }
        logPrice = min(max(logPrice, Self.bounds.lowerBound), Self.bounds.upperBound)
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
