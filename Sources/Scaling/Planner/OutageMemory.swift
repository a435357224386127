/// Knows when the demand broke off, which is no reason to forget what it was: it comes back at once, and replicas do not.
struct OutageMemory: Sendable, Codable, Hashable {
    private(set) var outage: Outage?

    struct Outage: Sendable, Codable, Hashable {
        /// Seconds.
        var began: Double
        /// Demand before it, and replicas that were asked for.
        var demand: Double
        var replicas: Int
    }

    enum Change: Sendable, Hashable { case began, ended, forgotten }

    /// Demand below this share of the usual one is an outage; no day's course falls so far within minutes.
    private static let brokenOff = 0.2
    /// And above this share of it the service is back.
    private static let isBack = 0.4
    /// Below it, a lull is nothing special; replicas.
    private static let leastDemand = 0.5
    private static let longest = 6 * 3_600.0

    /// - Parameters:
    ///   - last: Demand of the last period, and of the last minute.
    ///   - usual: Demand of the ten minutes before.
    mutating func update(last: Double, minute: Double, usual: Double, replicas: Int, time: Double) -> Change? {
        if let outage {
            if last >= Self.isBack * outage.demand {
                self.outage = nil
                return .ended
            }
            if time - outage.began > Self.longest {
                self.outage = nil
                return .forgotten
            }
            return nil
        }
        guard usual >= Self.leastDemand, minute < Self.brokenOff * usual else { return nil }
        outage = Outage(began: time, demand: usual, replicas: replicas)
        return .began
    }

    mutating func restart() { outage = nil }
}
