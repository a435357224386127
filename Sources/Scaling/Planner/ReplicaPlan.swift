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
    /// Demand forecast for when a replica that is asked for now serves; 0 until requests came.
    public var demand: Double
    /// Who has most weight in the forecast; `nil` until requests came.
    public var expert: ForecastExpert?
    /// Replicas beyond the demand, for the errors of the forecast; below 0 where late answers are cheaper.
    public var headRoom: Double
    /// Share of the demand that is expected to be late with them, and with one replica fewer; `0...1`.
    public var lateShare: Double
    public var lateShareWithOneFewer: Double
    /// Replicas that serving one replica's worth of demand in time is worth: the error budget sets it.
    public var price: Double
    /// Replicas for requests that wait already.
    public var backlog: Double
    /// Replicas beyond demand and head-room, for demand that is above both already.
    public var surge: Double
    /// What each expert says alone, and how much it is listened to.
    public var alternatives: [Alternative]
    /// Share of requests in time over the last day; `nil` where none ended.
    public var attainment: Double?

    public struct Alternative: Sendable, Codable, Hashable {
        public var expert: ForecastExpert
        /// Demand it forecasts, in replicas.
        public var demand: Double
        /// `0...1`, of all 1 together.
        public var weight: Double
        /// Replicas that would be cheapest if it alone were heard.
        public var replicas: Int
    }

    public enum Reason: String, Sendable, Codable, Hashable {
        /// Nothing came yet.
        case nothingSeen
        /// With the requests as they are, no number of replicas keeps the objective: what is there stays.
        case unattainable
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
        demand + headRoom + backlog + surge
    }
}

extension ReplicaPlan: CustomStringConvertible {
    /// In a sentence: `N=9 because demand 6.1 (expert 180 s), head-room 2.9 (0.6 % late, 1.4 % with one fewer), backlog 0.0; last
    /// 24 h 99.21 %`.
    public var description: String {
        let day = attainment.map { "; last 24 h \(Self.text($0 * 100, digits: 2)) %" } ?? ""
        return "N=\(replicas) because \(cause)\(day)"
    }

    private var cause: String {
        if reason == .unattainable { return "no number of replicas keeps the objective with such requests" }
        guard let expert else { return "no request came yet" }
        let late = "\(Self.text(lateShare * 100)) % late, \(Self.text(lateShareWithOneFewer * 100)) % with one fewer"
        var parts = [
            "demand \(Self.text(demand)) (expert \(expert))", "head-room \(Self.text(headRoom)) (\(late))",
            "backlog \(Self.text(backlog))",
        ]
        if surge > 0 { parts.append("surge \(Self.text(surge))") }
        switch reason {
        case .nothingSeen, .unattainable, .need: break
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

extension ReplicaPlan {
    init(_ observation: ScalingObservation, price: Double, reason: Reason) {
        self.init(
            time: observation.time, replicas: 0, reason: reason, seenDemand: 0, capacity: 0, demand: 0, expert: nil, headRoom: 0,
            lateShare: 0, lateShareWithOneFewer: 0, price: price, backlog: 0, surge: 0, alternatives: [], attainment: nil)
    }

    mutating func follow(_ outlook: DemandOutlook, replicas: Int) {
        expert = outlook.leader
        demand = outlook.demand
        headRoom = Double(replicas) - demand
        lateShare = outlook.late(with: replicas) / max(demand, 1e-9)
        lateShareWithOneFewer = replicas > 1 ? outlook.late(with: replicas - 1) / max(demand, 1e-9) : 1
        alternatives = outlook.forecasts.map { forecast in
            let alone = DemandOutlook([forecast])
            return Alternative(
                expert: forecast.expert, demand: forecast.demand, weight: forecast.weight,
                replicas: alone.cheapest(price: price, atMost: ReplicaPlanner.mostReplicas))
        }
    }
}
