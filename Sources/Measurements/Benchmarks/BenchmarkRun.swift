public import FoundationEssentials

/// A load test as it was run: what was asked for, what came of it, and how far its figures can be trusted.
public struct BenchmarkRun: Sendable {
    public var id: UUID
    public var tool: String
    public var toolVersion: String
    public var startedAt: Timestamp
    public var model: ModelFacts
    public var hardware: HardwareFacts
    /// What everything random was drawn from.
    public var seed: UInt64
    /// One for each load that was offered, in order.
    public var stages: [BenchmarkStage]
    public var calibration: ClientCalibration?
    /// What was asked for.
    public var parameters: TestParameters
    /// One for each search for the highest rate.
    public var knees: [KneeFinding]
    /// Why the run ended before everything asked for was done; `nil` where it did not.
    public var stoppedEarly: String?

    public init(id: UUID, tool: String, toolVersion: String, startedAt: Timestamp, model: ModelFacts, seed: UInt64) {
        self.id = id
        self.tool = tool
        self.toolVersion = toolVersion
        self.startedAt = startedAt
        self.model = model
        self.seed = seed
        hardware = HardwareFacts()
        stages = []
        parameters = TestParameters()
        knees = []
    }
}

/// What was measured.
public struct ModelFacts: Sendable, Hashable, Codable {
    public var name: String
    public var provider: String
    /// Without credentials.
    public var endpoint: String
    public var version: String?
    /// `none`, `int8`, `int4`, `fp16` or `bf16`.
    public var quantization: String?

    public init(name: String, provider: String, endpoint: String) {
        self.name = name
        self.provider = provider
        self.endpoint = endpoint
    }
}

/// What it ran on; from flags, or from this machine where the server is on it.
public struct HardwareFacts: Sendable, Hashable, Codable {
    public var gpuType: String?
    public var gpuCount: Int?
    public var cpuCores: Int?
    public var memoryGigabytes: Double?
    public var batchSize: Int?

    public init() {}
}

/// One load and the answers to it.
public struct BenchmarkStage: Sendable {
    public var label: String
    public var load: OfferedLoad
    /// From the start of the clock to the last answer.
    public var duration: Nanoseconds
    public var records: [RequestRecord]
    /// Requests the schedule wanted and that were never sent: the run ended or a budget was spent.
    public var unsent: Int
    public var pressure: HostPressure?

    public init(label: String, load: OfferedLoad, duration: Nanoseconds, records: [RequestRecord], unsent: Int = 0) {
        self.label = label
        self.load = load
        self.duration = duration
        self.records = records
        self.unsent = unsent
    }
}

/// The load that was asked for.
public struct OfferedLoad: Sendable, Hashable, Codable {
    public enum Shape: String, Sendable, Hashable, Codable {
        /// Open loop: requests come whether or not earlier ones were answered.
        case constant, poisson, gamma, ramp, trace
        /// Closed loop: a fixed number of requests is under way.
        case closed
    }
    public var shape: Shape
    /// Mean requests per second of an open loop.
    public var requestsPerSecond: Double?
    /// Requests under way of a closed loop; the cap of an open one, `nil` without.
    public var concurrency: Int?

    public init(shape: Shape, requestsPerSecond: Double? = nil, concurrency: Int? = nil) {
        self.shape = shape
        self.requestsPerSecond = requestsPerSecond
        self.concurrency = concurrency
    }

    /// Whether there is a schedule that requests can be late for.
    public var isOpen: Bool { shape != .closed }
}

/// The client's own error, measured against a server on this machine that knows when it wrote.
public struct ClientCalibration: Sendable, Hashable, Codable {
    public var streams: Int
    public var requests: Int
    /// How much later the client saw a first token than it was written: the median and the 99th percentile.
    public var firstTokenErrorMedian: Nanoseconds
    public var firstTokenErrorP99: Nanoseconds
    /// Rate reached as a share of what the server would allow, in `0...1`.
    public var achievedShare: Double
    public var cpuSecondsPer1000Requests: Double

    public init(
        streams: Int, requests: Int, firstTokenErrorMedian: Nanoseconds, firstTokenErrorP99: Nanoseconds, achievedShare: Double,
        cpuSecondsPer1000Requests: Double
    ) {
        self.streams = streams
        self.requests = requests
        self.firstTokenErrorMedian = firstTokenErrorMedian
        self.firstTokenErrorP99 = firstTokenErrorP99
        self.achievedShare = achievedShare
        self.cpuSecondsPer1000Requests = cpuSecondsPer1000Requests
    }
}

/// How much the machine of the client was short of processor time during a stage; shares in `0...1`, `nil` where the kernel does not say.
public struct HostPressure: Sendable, Hashable, Codable {
    /// Share of the time in which some task waited for a processor (pressure stall information).
    public var cpuStalled: Double?
    /// Share of processor time that the hypervisor gave to others.
    public var stolen: Double?
    /// Share of all processors in use.
    public var busy: Double?

    public init(cpuStalled: Double? = nil, stolen: Double? = nil, busy: Double? = nil) {
        self.cpuStalled = cpuStalled
        self.stolen = stolen
        self.busy = busy
    }
}
