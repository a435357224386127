extension TriggerType {
    /// Which kinds of settings the rules of this kind of trigger may change. Settings whose effect nobody knows may be tried by any.
    public var usableRoles: Set<Knob.Role> {
        switch self {
        case .latencyThreshold, .slaViolation:
            [.replicas, .concurrency, .batchTokens, .batchSize, .memoryShare, .tensorParallel, .quantization, .caching, .other]
        case .throughputThreshold: [.replicas, .concurrency, .batchTokens, .batchSize, .memoryShare, .quantization, .caching, .other]
        case .errorRateThreshold: [.replicas, .concurrency, .batchTokens, .batchSize, .memoryShare, .other]
        case .resourceUtilization: [.replicas, .concurrency, .batchTokens, .batchSize, .memoryShare, .quantization, .caching, .other]
        case .costEfficiency: [.replicas, .concurrency, .batchTokens, .batchSize, .quantization, .caching, .other]
        case .scheduled: Set(Knob.Role.allCases)
        }
    }
}

extension Condition {
    /// The leaves in the order of the file.
    public var leaves: [Leaf] {
        switch self {
        case .leaf(let leaf): [leaf]
        case .and(let children), .or(let children): children.flatMap(\.leaves)
        case .not(let child): child.leaves
        }
    }
}

extension Condition.Leaf {
    /// The figures it asks for, each with the window it names itself.
    public var queries: [(query: MetricQuery, window: Duration?)] {
        switch test {
        case .compare(let query, _, _, let window): [(query, window)]
        case .burnRate(let short, let long, _): [(.burnRate, short), (.burnRate, long)]
        }
    }
}
