public import Documents
import Measurements

/// How a probe asks.
public struct ProbeSettings: Sendable {
    /// Requests per second.
    public var rate: Double
    public var jitter: ProbeSchedule.Jitter
    /// Requests under way at once, at most.
    public var maximumInFlight: Int
    public var maximumOutputTokens: Int
    /// Where the API key is; `nil` where none is needed.
    public var key: SecretPlace?
    /// Of the times and the prompts.
    public var seed: UInt64
    /// Tokens an hour, of prompts and answers together, at most; with `nil` as many as the rate and ``maximumOutputTokens`` make.
    public var tokensPerHour: Int?

    /// Sent with every probe, so that a gateway, a bill or the server's own accounting can tell them from what users send.
    public static let mark = ProviderRequest.Header("X-LLM-Auto-Optimizer", "probe")

    public init(rate: Double, key: SecretPlace? = nil, seed: UInt64) {
        self.rate = rate
        jitter = .exponential
        maximumInFlight = 16
        maximumOutputTokens = 64
        self.key = key
        self.seed = seed
    }
}

/// What a probe has gathered since it was last asked.
struct ProbeState: Sendable {
    var inFlight = 0
    var finished: [TimedAnswer] = []
    var leftOut = 0
    /// Probes for which the budget had nothing left.
    var unaffordable = 0
    var budget: TokenBudget?
    /// Measurements that nobody fetched in time.
    var dropped = 0
    var missingKey: String?

    static let maximumFinished = 50_000

    mutating func add(_ answer: TimedAnswer) {
        if finished.count < Self.maximumFinished { finished.append(answer) } else { dropped += 1 }
    }

    /// Hands over everything and begins anew.
    mutating func take() -> ProbeState {
        let taken = self
        self = ProbeState()
        inFlight = taken.inFlight
        budget = taken.budget
        return taken
    }

    /// Why something is missing.
    func faults(endpoint: String, settings: ProbeSettings) -> [String] {
        var faults: [String] = []
        if let missingKey { faults.append("\(endpoint) was not asked: \(missingKey).") }
        let unreachable = finished.compactMap(\.measurement.error).filter { $0.type == InferenceError.unreachable }
        if let last = unreachable.last {
            faults.append("\(endpoint) could not be reached by \(unreachable.count) of \(finished.count) probes: \(last.message).")
        }
        let estimated = finished.count { answer in
            if case .estimated? = answer.tokens { answer.measurement.succeeded } else { false }
        }
        if estimated > 0 {
            faults.append(
                "\(endpoint) did not say how many tokens \(estimated) of \(finished.count) answers had: their numbers are estimates from pieces, "
                    + "and the time per output token is unknown.")
        }
        if leftOut > 0 {
            faults.append(
                "\(leftOut) probes of \(endpoint) were left out: \(settings.maximumInFlight) were under way, as many as are allowed.")
        }
        if unaffordable > 0, let tokens = settings.tokensPerHour {
            faults.append("\(unaffordable) probes of \(endpoint) were left out: the \(tokens) tokens allowed in an hour are spent.")
        }
        if dropped > 0 { faults.append("\(dropped) measurements of \(endpoint) were dropped: nobody fetched them.") }
        return faults
    }
}
