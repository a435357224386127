public import Measurements

/// How many replicas are wanted after a period, and why: all that went into it.
public struct ReplicaPlan: Sendable, Codable, Hashable {
    public var time: Nanoseconds
    public var replicas: Int
    public var reason: Reason
    /// Demand of the last minute, in replicas.
    public var seenDemand: Double
    /// Requests per second that one replica serves in time.
    public var capacity: Double
    /// The forecast that was used, and its head-room before it is weighed; `nil` until requests came.
    public var forecast: DemandForecast?
    /// Factor on head-room that the error budget asks for.
    public var weight: Double
    /// Replicas for requests that wait already.
    public var backlog: Double
    /// Replicas beyond forecast and head-room, for demand that is above both already.
    public var surge: Double
    /// What each expert would have asked for; the one that is cheapest in the long run is used.
    public var alternatives: [Alternative]
    /// Share of requests in time over the last day; `nil` where none ended.
    public var attainment: Double?

    public struct Alternative: Sendable, Codable, Hashable {
        public var expert: ForecastExpert
        /// Replicas.
        public var need: Double
        /// Of the last half hour or so, in the mean.
        public var usualNeed: Double
    }

    public enum Reason: String, Sendable, Codable, Hashable {
        /// Nothing came yet.
        case nothingSeen
        /// As needed.
        case need
        /// More than needed now, for it was needed a moment ago.
        case recentNeed
        /// More than needed, for one replica fewer would be too slow.
        case consolidation
        /// Demand broke off and is expected to come back as it was.
        case outage
    }

    /// Replicas needed, before rounding.
    public var need: Double {
        (forecast.map { $0.demand + weight * $0.headRoom } ?? 0) + backlog + surge
    }
}

extension ReplicaPlan: CustomStringConvertible {
    /// In a sentence: `N=9 because demand 6.1 (expert 180 s additive), head-room 2.3 (1.4 x 1.6), backlog 0; last 24 h 99.2 %`.
    public var description: String {
        let day = attainment.map { "; last 24 h \(Self.text($0 * 100, digits: 2)) %" } ?? ""
        return "N=\(replicas) because \(cause)\(day)"
    }

    private var cause: String {
        guard let forecast else { return "no request came yet" }
        let room = weight * forecast.headRoom
        var parts = [
            "demand \(Self.text(forecast.demand)) (expert \(forecast.expert))",
            "head-room \(Self.text(room)) (\(Self.text(forecast.headRoom)) x \(Self.text(weight)))", "backlog \(Self.text(backlog))",
        ]
        if surge > 0 { parts.append("surge \(Self.text(surge))") }
        switch reason {
        case .nothingSeen, .need: break
        case .recentNeed: parts.append("needed a moment ago")
        case .consolidation: parts.append("one fewer would be too slow")
        case .outage: parts.append("demand broke off and is expected back")
        }
        return parts.joined(separator: ", ")
    }

    private static func text(_ value: Double, digits: Int = 1) -> String {
        guard value.isFinite, abs(value) < 1e9 else { return "\(value)" }
        let scale = digits == 1 ? 10.0 : 100.0
        let scaled = Int((abs(value) * scale).rounded())
        var fraction = String(scaled % Int(scale))
        while fraction.utf8.count < digits { fraction = "0" + fraction }
        return "\(value < 0 && scaled > 0 ? "-" : "")\(scaled / Int(scale)).\(fraction)"
    }
}
