import Measurements
public import Statistics

/// How one contestant did in one trial, in every respect a scorecard tells of.
public struct TrialScore: Sendable, Hashable {
    public var scaling: ScalingScore
    /// Hours of devices: of every replica from being asked for to being off, times the devices it is spread over.
    public var deviceHours: Double
    /// Of the requests that came after the warm-up and were answered: until the first token, and between the tokens after it.
    public private(set) var timeToFirstToken = LatencyHistogram()
    public private(set) var timePerOutputToken = LatencyHistogram()
    /// Of those that came after the warm-up, without an answer at the end; they missed their objective, but have no latency.
    public var unanswered: Int
    /// Counted time after the warm-up, seconds.
    public var countedSeconds: Double
    public var minutes: MinuteCourse
    /// How often the verifier was wrong; `nil` for contestants that verify nothing.
    public var verdicts: VerdictCount?

    init(scaling: ScalingScore, minutes: MinuteCourse, countedSeconds: Double) {
        self.scaling = scaling
        self.minutes = minutes
        self.countedSeconds = countedSeconds
        deviceHours = 0
        unanswered = 0
    }

    /// Requests a second that were answered in time; `nil` where no time was counted.
    public var goodput: Double? { countedSeconds > 0 ? Double(scaling.met) / countedSeconds : nil }
    public var reversalsPerHour: Double? { scaling.hours > 0 ? Double(scaling.reversals) / scaling.hours : nil }
    public var startsPerHour: Double? { scaling.hours > 0 ? Double(scaling.starts) / scaling.hours : nil }

    mutating func record(firstToken: Nanoseconds, perToken: Nanoseconds?) {
        timeToFirstToken.record(nanoseconds: firstToken.count)
        if let perToken { timePerOutputToken.record(nanoseconds: perToken.count) }
    }
}

/// Requests by the minute in which they came, after the warm-up.
public struct MinuteCourse: Sendable, Hashable {
    /// By minute: requests that came, and those of them that were answered in time.
    public private(set) var arrived: [Int32] = []
    public private(set) var met: [Int32] = []

    public init() {}

    mutating func arrive(at time: Nanoseconds) { Self.count(&arrived, time) }
    mutating func meet(arrival: Nanoseconds) { Self.count(&met, arrival) }

    private static func count(_ minutes: inout [Int32], _ time: Nanoseconds) {
        let minute = Int(max(0, time.count) / 60_000_000_000)
        if minute >= minutes.count { minutes += [Int32](repeating: 0, count: minute + 1 - minutes.count) }
        minutes[minute] += 1
    }

    /// Whether fewer than a share of a minute's requests were answered in time; never where none came.
    public func isMissed(_ minute: Int, target: Double) -> Bool {
        guard arrived.indices.contains(minute), arrived[minute] > 0 else { return false }
        return Double(met.indices.contains(minute) ? met[minute] : 0) < target * Double(arrived[minute])
    }

    public func missedMinutes(target: Double) -> Int { arrived.indices.count { isMissed($0, target: target) } }

    /// Minutes that missed the target here and did not in a twin under the same arrivals whose fleet was left as it was: what whoever decided
    /// has to answer for.
    public func harmMinutes(target: Double, untouched twin: MinuteCourse) -> Int {
        arrived.indices.count { isMissed($0, target: target) && !twin.isMissed($0, target: target) }
    }

    /// How long it took in the mean until a minute met the target again after one that did not, in minutes; a stretch at the end counts as
    /// far as it goes. `nil` where no minute missed it.
    public func meanRecoveryMinutes(target: Double) -> Double? {
        var (stretches, missed, wasMissed) = (0, 0, false)
        // Minutes without requests say nothing: a stretch goes on through them.
        for minute in arrived.indices where arrived[minute] > 0 {
            let isMissed = isMissed(minute, target: target)
            if isMissed {
                missed += 1
                if !wasMissed { stretches += 1 }
            }
            wasMissed = isMissed
        }
        return stretches > 0 ? Double(missed) / Double(stretches) : nil
    }
}

/// The verifier's verdicts held against a twin of the pool that ran on without the change.
public struct VerdictCount: Sendable, Codable, Hashable {
    /// Changes that got a verdict.
    public var judged = 0
    /// Taken back as harmful, though nothing was worse than without them.
    public var falseAlarms = 0
    /// Kept, though clearly more requests missed their objective than without them.
    public var missedHarms = 0

    public init() {}

    public var errors: Int { falseAlarms + missedHarms }
}
