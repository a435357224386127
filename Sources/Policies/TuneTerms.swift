/// How settings of the engine are tried out by themselves, one at a time and always on a part of the replicas first.
public struct TuneTerms: Sendable, Codable, Hashable {
    /// Names of the knobs that may be tried; `nil` for every one that can be.
    public var knobs: [String]?
    /// What is to become small.
    public var objective: Weights
    /// Most trials in a stretch of time.
    public var experiments: Policy.EventBudget
    /// From the end of one trial to the beginning of the next.
    public var cooldown: Duration
    /// Share of the misses that the attainment leaves, which trials may cause within a day, `0...1`.
    public var errorBudget: Double

    public init() {
        objective = Weights()
        experiments = Policy.EventBudget(count: 3, window: .seconds(3_600))
        cooldown = .seconds(600)
        errorBudget = 0.2
    }

    /// The weighted mean of the logarithms of two latencies, so that one may be bought with the other. Weights are at least 0 and not both 0;
    /// what counts is how large they are to each other.
    public struct Weights: Sendable, Codable, Hashable {
        /// Of the time to first token.
        public var ttft: Double
        /// Of the time per output token.
        public var tpot: Double

        public init(ttft: Double = 0.5, tpot: Double = 0.5) {
            self.ttft = ttft
            self.tpot = tpot
        }
    }

    /// More values of all knobs together are not weighed at once.
    public static let mostMoves = 200
}

extension Policy {
    /// The knobs that are tuned, in the order of the file; none where nothing is.
    public var tunedKnobs: [Knob] {
        guard let tune else { return [] }
        return knobs.filter { knob in
            knob.obstacleToTuning == nil && (tune.knobs?.contains(knob.name) ?? (knob.role.isTunedUnlessTold && knob.domain.count > 1))
        }
    }
}

extension Knob {
    /// Why it cannot be tuned, a clause; `nil` where it can.
    public var obstacleToTuning: String? {
        if plan != nil { return "it is planned" }
        switch role {
        case .replicas: return "a number of replicas cannot be tried on a part of them; plan it with 'plan'"
        case .quantization: return "latency does not tell what it does to answers"
        case .tensorParallel: return "its values take different numbers of devices, which latency does not pay for"
        case .concurrency, .batchTokens, .batchSize, .memoryShare, .caching, .other: return nil
        }
    }
}

extension Knob.Role {
    /// Whether the knob is tuned where the policy names none: settings of which more is not simply better, nor less.
    fileprivate var isTunedUnlessTold: Bool {
        switch self {
        case .concurrency, .batchTokens, .batchSize, .memoryShare, .caching: true
        case .replicas, .tensorParallel, .quantization, .other: false
        }
    }
}

extension Knob.Domain {
    /// How many values are allowed.
    public var count: Int {
        switch self {
        case .range(let min, let max, let step): Swift.max(0, max - min) / Swift.max(1, step) + 1
        case .values(let values): values.count
        }
    }

    /// All values that are allowed, in order; `nil` where there are more than a limit.
    public func values(atMost limit: Int) -> [KnobValue]? {
        guard count <= limit else { return nil }
        switch self {
        case .range(let min, let max, let step): return stride(from: min, through: max, by: Swift.max(1, step)).map(KnobValue.integer)
        case .values(let values): return values
        }
    }
}
