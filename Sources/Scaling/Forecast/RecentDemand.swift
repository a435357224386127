/// What was seen in the last minutes, period by period; in replicas.
struct RecentDemand: Sendable, Codable, Hashable {
    private let span: Double
    private var periods: [Period] = []

    private struct Period: Sendable, Codable, Hashable {
        var end: Double
        var demand: Double
        var length: Double
    }

    /// - Parameter span: So long a past is kept, seconds.
    init(span: Double) { self.span = span }

    mutating func add(_ demand: Double, time: Double, length: Double) {
        periods.append(Period(end: time, demand: demand, length: length))
        guard let first = periods.first, first.end <= time - 2 * span else { return }
        periods.removeAll { $0.end <= time - span }
    }

    /// Mean of the periods within; `nil` where there is none.
    func mean(from start: Double, to end: Double) -> Double? {
        var (sum, seconds) = (0.0, 0.0)
        for period in periods.reversed() {
            guard period.end > start + 1e-6 else { break }
            guard period.end <= end + 1e-6 else { continue }
            sum += period.demand * period.length
            seconds += period.length
        }
        return seconds > 0 ? sum / seconds : nil
    }

    /// Mean of the last so many seconds; 0 while nothing was seen.
    func last(_ seconds: Double) -> Double {
        guard let end = periods.last?.end else { return 0 }
        return mean(from: end - seconds, to: end) ?? 0
    }

    mutating func removeAll() { periods.removeAll() }
}
