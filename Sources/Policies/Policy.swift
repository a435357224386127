public import Measurements

/// An optimization policy: what a deployment must achieve, what to watch, and what may be changed to get there.
///
/// The file format is `apiVersion: llm-devops.io/v1alpha1`, `kind: OptimizationPolicy`. All ratios are in `0...1` and all rates per second.
public struct Policy: Sendable, Codable, Hashable {
    public var name: String
    public var mode: Mode
    /// A suspended policy observes and reports but is never acted on.
    public var suspend: Bool
    public var target: Target
    public var objective: Objective
    public var monitor: Monitor
    public var triggers: [Trigger]
    /// In the order of the file.
    public var knobs: [Knob]
    public var behavior: Behavior
    public var verify: Verification
    public var budgets: Budgets
    public var schedule: [Schedule]
    public var learning: Learning
    public var cost: Cost?
    /// How settings are tried out by themselves; `nil` where nothing is.
    public var tune: TuneTerms?

    public init(name: String, target: Target = .none) {
        self.name = name
        mode = .recommend
        suspend = false
        self.target = target
        objective = Objective()
        monitor = Monitor()
        triggers = []
        knobs = []
        behavior = Behavior()
        verify = Verification()
        budgets = Budgets()
        schedule = []
        learning = Learning()
    }

    /// How far the controller may go on its own.
    public enum Mode: String, Sendable, Codable, Hashable, CaseIterable {
        case recommend, approve, auto
    }

    /// The deployment under control.
    public enum Target: Sendable, Codable, Hashable {
        case kubernetes(KubernetesTarget)
        case simulator(SimulatorTarget)
        /// An engine outside Kubernetes.
        case command(CommandTarget)
        /// Recommendations only.
        case none
    }

    /// A workload in a cluster, named as in a HorizontalPodAutoscaler.
    public struct KubernetesTarget: Sendable, Codable, Hashable {
        public var namespace: String
        public var apiVersion: String
        public var kind: String
        public var name: String

        public init(namespace: String, apiVersion: String, kind: String, name: String) {
            self.namespace = namespace
            self.apiVersion = apiVersion
            self.kind = kind
            self.name = name
        }
    }

    /// The embedded simulated engine.
    public struct SimulatorTarget: Sendable, Codable, Hashable {
        /// Name of an engine profile.
        public var profile: String?
        public var seed: UInt64

        public init(profile: String? = nil, seed: UInt64 = 1) {
            self.profile = profile
            self.seed = seed
        }
    }

    /// What the deployment must achieve.
    public struct Objective: Sendable, Codable, Hashable {
        public var latencies: [LatencyObjective]
        /// Highest share of failed requests.
        public var errorRate: Double?
        /// Lowest requests per second.
        public var throughput: Double?
        /// Lowest output tokens per second.
        public var tokensPerSecond: Double?
        /// Share of requests that must meet the latency limits; 0.99 unless told.
        public var attainment: Double

        public init() {
            latencies = []
            attainment = 0.99
        }
    }

    /// One latency limit such as "TTFT P95 at most 500 ms".
    public struct LatencyObjective: Sendable, Codable, Hashable {
        public var metric: LatencyMetric
        public var statistic: LatencyStatistic
        public var limit: Duration

        public init(metric: LatencyMetric, statistic: LatencyStatistic, limit: Duration) {
            self.metric = metric
            self.statistic = statistic
            self.limit = limit
        }
    }

    /// When to verify a change, and what to do about the answer.
    public struct Verification: Sendable, Codable, Hashable {
        public var settle: Duration
        public var window: Duration
        public var minSamples: Int
        /// Ratio; 0.05 means that 5 % worse is rolled back.
        public var rollbackIfWorseBy: Double
        public var onInconclusive: OnInconclusive
        /// Whether a change is tried on a part of the replicas first; `nil` is `auto`.
        public var canary: CanaryUse?

        public enum CanaryUse: String, Sendable, Codable, Hashable, CaseIterable {
            /// Where the target, its replicas and its sources allow it; else the whole target is changed.
            case auto
            /// A change that cannot be tried so is not made.
            case always
            case never
        }

        public enum OnInconclusive: String, Sendable, Codable, Hashable, CaseIterable {
            case revert, keep
        }

        public init() {
            settle = .seconds(60)
            window = .seconds(300)
            minSamples = 100
            rollbackIfWorseBy = 0.05
            onInconclusive = .revert
        }
    }

    /// How much disturbance is allowed.
    public struct Budgets: Sendable, Codable, Hashable {
        /// Changes of direction on one knob.
        public var reversals: EventBudget?
        public var podRestarts: EventBudget?
        public var adjustments: EventBudget?

        public init() {}
    }

    /// At most `count` events in any window of this length, written `2/h`.
    public struct EventBudget: Sendable, Codable, Hashable {
        public var count: Int
        public var window: Duration

        public init(count: Int, window: Duration) {
            self.count = count
            self.window = window
        }
    }

    public struct Schedule: Sendable, Codable, Hashable {
        public var cron: CronExpression
        /// IANA name, e.g. `Europe/Berlin`; UTC unless told.
        public var timezone: String

        public init(cron: CronExpression, timezone: String = "UTC") {
            self.cron = cron
            self.timezone = timezone
        }
    }

    public struct Learning: Sendable, Codable, Hashable {
        /// Share of decisions that deliberately do nothing, so that effects can be told from chance.
        public var holdout: Double

        public init() { holdout = 0.1 }
    }

    /// What a replica costs.
    public struct Cost: Sendable, Codable, Hashable {
        /// Money per replica and hour, in ``currency``.
        public var perReplicaHour: Double
        public var currency: String

        public init(perReplicaHour: Double, currency: String = "USD") {
            self.perReplicaHour = perReplicaHour
            self.currency = currency
        }
    }
}
