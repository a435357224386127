public import Measurements
import Statistics

/// A load to offer, for how long, and how much of its beginning does not count.
public struct LoadStage: Sendable, Hashable {
    /// How results name it.
    public var label: String
    public var load: Load
    public var warmUp: WarmUp
    public var stop: StopRules

    public init(_ label: String, load: Load, warmUp: WarmUp = .none, stop: StopRules) {
        self.label = label
        self.load = load
        self.warmUp = warmUp
        self.stop = stop
    }

    /// What keeps it from being run; `nil` where nothing does.
    public var problem: String? {
        switch load {
        case .open(let arrivals, let maximumInFlight):
            if let problem = arrivals.problem { return problem }
            if let maximumInFlight, !Load.concurrencies.contains(maximumInFlight) {
                return "a cap lies in \(Load.concurrencies), got \(maximumInFlight)"
            }
            if case .trace = arrivals { return nil }
        case .closed(let concurrency):
            guard Load.concurrencies.contains(concurrency) else { return "a concurrency lies in \(Load.concurrencies), got \(concurrency)" }
        }
        return stop.isEndless ? "stage '\(label)' never stops: give a number of requests or a time" : nil
    }
}

/// How requests come.
public enum Load: Sendable, Hashable {
    /// By a schedule. With a cap, what comes while as many are under way waits for its turn, and the wait counts.
    case open(ArrivalProcess, maximumInFlight: Int? = nil)
    /// As many as are given are under way at any time: each answer is followed by the next request.
    case closed(concurrency: Int)

    public static let concurrencies = 1...100_000

    /// Requests that can be under way at once; `nil` where nothing bounds them.
    public var maximumInFlight: Int? {
        switch self {
        case .open(_, let cap): cap
        case .closed(let concurrency): concurrency
        }
    }

    /// As results describe it.
    public var offered: OfferedLoad {
        switch self {
        case .open(let arrivals, let cap):
            OfferedLoad(shape: arrivals.shape, requestsPerSecond: arrivals.requestsPerSecond, concurrency: cap)
        case .closed(let concurrency): OfferedLoad(shape: .closed, concurrency: concurrency)
        }
    }
}

/// The beginning of a stage, in which the system is not yet as it will be. Its requests are sent, recorded and marked.
public enum WarmUp: Sendable, Hashable {
    case none
    /// The first so many requests.
    case requests(Int)
    /// The requests that are to be sent in the first so much time.
    case time(Nanoseconds)

    /// - Parameter index: Of the request within its stage, from 0.
    /// - Parameter intended: When it is to be sent, since the stage's start.
    public func covers(index: Int, intended: Nanoseconds) -> Bool {
        switch self {
        case .none: false
        case .requests(let count): index < count
        case .time(let length): intended < length
        }
    }
}

/// When a stage has sent enough; the first rule that holds ends it. What is under way then is still waited for.
public struct StopRules: Sendable, Hashable {
    /// Requests sent beyond the warm-up.
    public var requests: Int?
    /// Since the stage's start, warm-up included.
    public var time: Nanoseconds?
    /// Once the mean of a latency is known well enough; asks for one of the other two as well, since it may never be.
    public var precision: PrecisionTarget?

    public init(requests: Int? = nil, time: Nanoseconds? = nil, precision: PrecisionTarget? = nil) {
        self.requests = requests
        self.time = time
        self.precision = precision
    }

    /// Whether nothing in here is certain to end a stage.
    public var isEndless: Bool { requests == nil && time == nil }
}

/// One stage for each load of a sweep.
public enum LoadSweep {
    /// Stages of a closed loop.
    public static func concurrency(_ values: [Int], warmUp: WarmUp = .none, stop: StopRules) -> [LoadStage] {
        values.map { LoadStage("concurrency \($0)", load: .closed(concurrency: $0), warmUp: warmUp, stop: stop) }
    }

    /// Stages of an open loop.
    /// - Parameter arrivals: What to make of a rate, such as `ArrivalProcess.poisson`.
    public static func rate(
        _ rates: [Double], maximumInFlight: Int? = nil, warmUp: WarmUp = .none, stop: StopRules, arrivals: (Double) -> ArrivalProcess
    ) -> [LoadStage] {
        rates.map { rate in
            LoadStage("rate \(rate)/s", load: .open(arrivals(rate), maximumInFlight: maximumInFlight), warmUp: warmUp, stop: stop)
        }
    }

    /// From one value to another in steps of equal ratio, both ends included.
    /// - Parameter steps: At least 2.
    public static func geometric(from start: Double, to end: Double, steps: Int) -> [Double] {
        precondition(start > 0 && end > 0 && steps >= 2, "a geometric sweep goes between positive values in 2 steps or more")
        return (0..<steps).map { step in
            step == steps - 1 ? end : start * power(end / start, Double(step) / Double(steps - 1))
        }
    }
}
