public import Documents
public import LoadGeneration
public import Measurements
public import Probing

/// A load test as a file or flags ask for it: every target under every scenario.
public struct BenchmarkPlan: Sendable, Hashable {
    /// At least one.
    public var targets: [PlannedTarget]
    /// At least one, each run by itself and in order.
    public var scenarios: [PlannedScenario]
    public var execution: PlannedExecution
    public var outputs: [PlannedOutput]
    /// What the files of a target do not tell of the machine it runs on.
    public var hardware: HardwareFacts
    /// A file of prices that go before the bundled ones.
    public var priceFile: String?

    public init(
        targets: [PlannedTarget], scenarios: [PlannedScenario], execution: PlannedExecution = PlannedExecution(),
        outputs: [PlannedOutput] = []
    ) {
        self.targets = targets
        self.scenarios = scenarios
        self.execution = execution
        self.outputs = outputs
        hardware = HardwareFacts()
    }
}

/// A model behind an interface.
public struct PlannedTarget: Sendable, Hashable {
    /// How results name it where several are of one interface.
    public var name: String
    /// One of ``Probing/ProviderRegistry/names``.
    public var provider: String
    public var model: String
    /// `nil` is where the provider is by custom.
    public var endpoint: String?
    /// `nil` is the provider's customary variable at its customary address, and no key anywhere else.
    public var key: SecretPlace?
    public var apiVersion: String?
    public var thinkingTokens: Int?
    /// The file that describes an interface of one's own.
    public var descriptionFile: String?
    public var limits: RateLimits?

    public init(provider: String, model: String, endpoint: String? = nil, key: SecretPlace? = nil) {
        name = provider
        self.provider = provider
        self.model = model
        self.endpoint = endpoint
        self.key = key
    }

    /// Whether a text can be the name of an environment variable. What cannot may be a key given in its place, and must not be shown.
    public static func isVariableName(_ name: String) -> Bool { LiteralSecrets.isVariable(name) }
}

/// What is asked, and how much of it at once.
public struct PlannedScenario: Sendable, Hashable {
    public var name: String
    public var prompts: Prompts
    public var outputTokens: TokenLengths
    public var systemPrompt: String?
    public var session: SessionShape?
    public var sharedPrefix: SharedPrefix?
    public var sampling: Sampling
    /// Whether answers come piece by piece; as a whole, nothing is known of their first token.
    public var isStreamed: Bool
    public var ignoresEndOfSequence: Bool
    public var load: PlannedLoad
    public var warmUp: WarmUp
    public var stop: StopRules

    /// Requests where nothing else ends a stage.
    public static let customaryRequests = 100
    /// Tokens asked for at most where nothing else is said.
    public static let customaryOutputTokens = 256

    public init(_ name: String = "default", prompts: Prompts) {
        self.name = name
        self.prompts = prompts
        outputTokens = .fixed(Self.customaryOutputTokens)
        sampling = Sampling()
        isStreamed = true
        ignoresEndOfSequence = false
        load = .closed(concurrencies: [1])
        warmUp = .none
        stop = StopRules(requests: Self.customaryRequests)
    }

    public enum Prompts: Sendable, Hashable {
        case text(String)
        /// Made up, in these lengths.
        case lengths(TokenLengths)
        case dataset(path: String)
        case trace(path: String)
    }
}

/// How the requests of a scenario come: one stage for each value.
public enum PlannedLoad: Sendable, Hashable {
    case closed(concurrencies: [Int])
    case open(PlannedSchedule, rates: [Double], maximumInFlight: Int?)
    /// Up a ramp and on.
    case ramp(from: Double, to: Double, over: Nanoseconds, maximumInFlight: Int?)
    /// As the scenario's trace was recorded; 2 is twice as fast.
    case trace(speed: Double, maximumInFlight: Int?)
    /// Searches the highest rate at which enough requests meet the objective.
    case knee(PlannedSchedule, search: KneeSearch.Settings, maximumInFlight: Int?)
}

/// How evenly the requests of a rate come.
public enum PlannedSchedule: Sendable, Hashable {
    case constant, poisson
    /// See ``LoadGeneration/ArrivalProcess/gamma(requestsPerSecond:shape:)``.
    case gamma(shape: Double)

    public func arrivals(_ requestsPerSecond: Double) -> ArrivalProcess {
        switch self {
        case .constant: .constant(requestsPerSecond: requestsPerSecond)
        case .poisson: .poisson(requestsPerSecond: requestsPerSecond)
        case .gamma(let shape): .gamma(requestsPerSecond: requestsPerSecond, shape: shape)
        }
    }
}

/// How all scenarios are run.
public struct PlannedExecution: Sendable, Hashable {
    public var seed: UInt64
    public var retry: RetryPolicy
    public var breaker: CircuitBreaker.Settings?
    /// Of each target; money is bounded by the prices of its model.
    public var budget: Budget
    /// Of each request.
    public var timeout: Duration
    /// Whether the client's own error is measured before.
    public var calibrates: Bool
    public var discardsStartUp: Bool
    public var objective: PlannedObjective?

    public init() {
        seed = 1
        retry = .never
        budget = Budget()
        timeout = .seconds(60)
        calibrates = false
        discardsStartUp = false
    }
}

/// What a request must meet to count as good.
public struct PlannedObjective: Sendable, Hashable {
    public var timeToFirstToken: Nanoseconds?
    public var timePerOutputToken: Nanoseconds?
    public var interTokenLatency: Nanoseconds?
    public var endToEnd: Nanoseconds?
    /// Share of the requests, in `0...1`.
    public var attainment: Double?

    public init() {}

    public var hasLimits: Bool {
        [timeToFirstToken, timePerOutputToken, interTokenLatency, endToEnd].contains { $0 != nil }
    }
}

/// A file to be written.
public struct PlannedOutput: Sendable, Hashable {
    /// Has the place holders `{timestamp}`, `{provider}` and `{model}`.
    public var path: String
    /// `nil` is told by the path's extension.
    public var format: String?

    public init(path: String, format: String? = nil) {
        self.path = path
        self.format = format
    }
}
