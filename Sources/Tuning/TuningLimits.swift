public import Learning
public import Measurements

/// How much a tuner may dare. The defaults are those of the control dossier, §3.7 and §3.16.
public struct TuningLimits: Sendable, Codable, Hashable {
    /// η of the mixture.
    public var holdout = 0.10
    /// ε of the mixture.
    public var exploration = 0.05
    public var gate = PessimisticGate()
    /// A fall of the objective smaller than this, in log units, is not worth a change: without it the settings wander off the optimum.
    public var minimumWorthwhileEffect = 0.03
    /// With which probability the fall must be larger than that, for a change to be kept.
    public var confidence = 0.9
    /// Expected fall beyond the worthwhile one, in log units, below which trying is no use.
    public var smallestExpectedFall = 0.005
    /// From the end of one experiment to the beginning of the next.
    public var coolDown = Nanoseconds(seconds: 600)
    /// Most experiments that begin within ``experimentWindow``.
    public var mostExperiments = 3
    public var experimentWindow = Nanoseconds(seconds: 3_600)
    /// Share of the replicas that may be changed, `0...1`.
    public var largestCanaryShare = 0.25
    /// Share of the objective's error budget that experiments may spend, `0...1`.
    public var explorationShare = 0.20

    public init() {}

    /// Replicas in the canary, and as many in the control; `nil` below four, where there is none.
    public func canarySize(ready replicas: Int) -> Int? {
        guard replicas >= 4 else { return nil }
        let size = Int(min(max(largestCanaryShare, 0), 0.5) * Double(replicas))
        return size >= 1 ? size : nil
    }
}

/// What experiments have cost the service, against what its objective allows to miss.
public struct ExplorationBudget: Sendable, Codable, Hashable {
    /// Share of requests that may miss the objective, `0...1`: one less the attainment aimed at.
    public private(set) var tolerated: Double
    private var entries: [Entry] = []

    struct Entry: Sendable, Codable, Hashable {
        var start: Timestamp
        var requests: Int
        var excess: Double
    }

    static let period = Nanoseconds(seconds: 86_400)
    private static let grain = Nanoseconds(seconds: 600)

    public init(tolerated: Double) { self.tolerated = tolerated.isFinite ? min(max(tolerated, 0), 1) : 0 }

    func tolerating(_ share: Double) -> ExplorationBudget {
        var copy = self
        copy.tolerated = ExplorationBudget(tolerated: share).tolerated
        return copy
    }

    /// Requests per second that were exceeded for a fifth of the time that was counted; `nil` where that was less than two hours.
    public func highLoad(at now: Timestamp) -> Double? {
        let rates = entries.filter { now.since($0.start) <= Self.period }.dropLast().map { Double($0.requests) / Self.grain.seconds }
            .sorted()
        return rates.count >= 12 ? rates[rates.count * 4 / 5] : nil
    }

    /// Counts requests of the whole pool, and those that missed only because of an experiment: misses of the canary beyond the control's.
    public mutating func record(requests: Int, excessMisses: Double, at now: Timestamp) {
        if entries.last.map({ now.since($0.start) >= Self.grain }) ?? true { entries.append(Entry(start: now, requests: 0, excess: 0)) }
        entries[entries.count - 1].requests += max(0, requests)
        entries[entries.count - 1].excess += excessMisses.isFinite ? excessMisses : 0
        entries.removeAll { now.since($0.start) > Self.period }
        // Times that do not go forward must not make the list grow.
        if entries.count > 300 { entries.removeFirst(entries.count - 300) }
    }

    /// Excess misses over those tolerated, of the last day; at least 0. Without requests 0.
    public func spentShare(at now: Timestamp) -> Double {
        let recent = entries.filter { now.since($0.start) <= Self.period }
        let requests = recent.reduce(0) { $0 + $1.requests }
        let excess = max(0, recent.reduce(0) { $0 + $1.excess })
        guard excess > 0 else { return 0 }
        let allowed = tolerated * Double(requests)
        return allowed > 0 ? excess / allowed : .infinity
    }
}
