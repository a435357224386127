internal import Measurements

extension MetricQuery {
    /// The name under which a Prometheus source's own queries may deliver this figure; `nil` for figures only samples can give.
    public var signalName: String? {
        switch self {
        case .throughput: "throughput"
        case .tokensPerSecond: "tokensPerSecond"
        case .utilization(.gpu): "gpuUtilization"
        case .utilization(.memory): "memoryUtilization"
        case .utilization(.keyValueCache): "kvCacheUtilization"
        case .queueDepth: "queueDepth"
        case .errorRate: "errorRate"
        case .signal(let name): name
        case .latency, .consecutiveFailures, .objectiveViolations, .costPerThousandTokens, .burnRate, .anomaly: nil
        }
    }
}

extension Policy.Source {
    /// Whether a source of this kind can deliver a figure at all.
    ///
    /// A probe sees latencies and failures of its own requests, but neither the load of the deployment nor its devices. A Prometheus preset
    /// has what engines export; own queries give the figures they are named after. A result file may have anything but own signals.
    public func canDeliver(_ query: MetricQuery) -> Bool {
        switch kind {
        case .probe: query.isSeenByProbes
        case .prometheus(let server):
            query.signalName.map { server.queries[$0] != nil } ?? false || (server.preset != nil && query.isExportedByEngines)
        case .scrape: query.isExportedByEngines
        case .importFiles: !query.isSignal
        }
    }
}

extension MetricQuery {
    fileprivate var isSignal: Bool {
        if case .signal = self { true } else { false }
    }

    fileprivate var isSeenByProbes: Bool {
        switch self {
        case .latency(let metric, _): metric != .prefill && metric != .queue
        case .anomaly(let metric): metric != .throughput && metric != .tokensPerSecond
        case .errorRate, .consecutiveFailures, .objectiveViolations, .burnRate: true
        case .throughput, .tokensPerSecond, .utilization, .queueDepth, .costPerThousandTokens, .signal: false
        }
    }

    fileprivate var isExportedByEngines: Bool {
        switch self {
        case .latency(let metric, _): metric != .network
        case .consecutiveFailures, .signal: false
        case .throughput, .tokensPerSecond, .utilization, .queueDepth, .errorRate, .objectiveViolations, .costPerThousandTokens, .burnRate,
            .anomaly:
            true
        }
    }
}
