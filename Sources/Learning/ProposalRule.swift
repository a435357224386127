public import Measurements
public import Policies

/// What a rule looks at.
public struct Circumstances: Sendable, Hashable {
    public var bottleneck: Bottleneck
    public var state: OperatingPoint
    /// Latencies whose objective is missed now.
    public var missedLatencies: Set<LatencyMetric>
    public var missesThroughput: Bool
    /// Every limit of the objective is known and kept; an unknown one is not kept.
    public var keepsObjective: Bool

    public init(
        bottleneck: Bottleneck, state: OperatingPoint, missedLatencies: Set<LatencyMetric> = [], missesThroughput: Bool = false,
        keepsObjective: Bool = false
    ) {
        self.bottleneck = bottleneck
        self.state = state
        self.missedLatencies = missedLatencies
        self.missesThroughput = missesThroughput
        self.keepsObjective = keepsObjective
    }
}

/// A named piece of engineering knowledge: under these circumstances, these settings are worth moving in that direction.
///
/// Rules only propose. What a proposal is worth is predicted by an ``EffectEstimator`` and judged by the objective.
public struct ProposalRule: Sendable {
    public var name: String
    /// What the rule claims, in one sentence.
    public var statement: String
    /// The triggers that consult it.
    public var triggers: Set<TriggerType>
    public var proposals: [Proposal]
    /// The circumstance that makes it apply, with its numbers; `nil` where it does not.
    public var applies: @Sendable (Circumstances) -> String?

    public struct Proposal: Sendable, Hashable {
        public var role: Knob.Role
        /// +1 for more, −1 for less.
        public var step: Int

        public init(_ role: Knob.Role, _ step: Int) {
            self.role = role
            self.step = step
        }
    }
}

extension ProposalRule {
    private static let latency: Set<TriggerType> = [.latencyThreshold, .slaViolation, .scheduled]

    /// Every rule, in the order in which they are explained.
    public static let all: [ProposalRule] = [
        computeBoundScaleUp, waitingScaleUp, waitingAtFullSlots, memoryBoundFreeMemory, memoryBoundScaleUp, slowDecodingSmallerBatch,
        slowPrefillLargerBudget, spareComputeLargerBatch, throughputScaleUp, overloadErrorsScaleUp, idleScaleDown, repeatedPromptsCache,
        moreDevices, missedFirstTokenScaleUp,
    ]

    static let computeBoundScaleUp = ProposalRule(
        name: "compute-bound-scale-up", statement: "A compute bottleneck is relieved by spreading the load over more replicas.",
        triggers: latency.union([.throughputThreshold, .resourceUtilization]), proposals: [.init(.replicas, 1)],
        applies: { $0.bottleneck.kind == .compute ? $0.bottleneck.reason : nil })

    static let waitingScaleUp = ProposalRule(
        name: "waiting-scale-up", statement: "Requests that mostly wait before their first token need more capacity.",
        triggers: latency.union([.resourceUtilization]), proposals: [.init(.replicas, 1)],
        applies: { circumstances in
            guard let share = circumstances.state.waitingShare, share >= 0.4 else { return nil }
            return "\(percent(share)) of the time to first token is waiting"
        })

    static let waitingAtFullSlots = ProposalRule(
        name: "waiting-at-full-slots",
        statement: "A queue in front of full slots is shortened by more slots, while memory and compute have room.",
        triggers: latency.union([.throughputThreshold]), proposals: [.init(.concurrency, 1)],
        applies: { circumstances in
            guard let share = circumstances.state.waitingShare, share >= 0.4, circumstances.bottleneck.kind != .memory else { return nil }
            if let gpu = circumstances.state.gpuUtilization, gpu >= 0.95 { return nil }
            // With as many requests as slots nobody waits for one; 5 % is what the figures of a short run are off by.
            if let asked = circumstances.state.shareOfSlotsAsked, asked < 1.05 { return nil }
            return "\(percent(share)) of the time to first token is waiting and memory has room"
        })

    static let memoryBoundFreeMemory = ProposalRule(
        name: "memory-bound-free-memory",
        statement: "A memory bottleneck is relieved by smaller weights, a larger share for the KV cache, or fewer sequences at once.",
        triggers: latency.union([.throughputThreshold, .resourceUtilization, .errorRateThreshold]),
        proposals: [.init(.quantization, 1), .init(.memoryShare, 1), .init(.concurrency, -1)],
        applies: { $0.bottleneck.kind == .memory ? $0.bottleneck.reason : nil })

    static let memoryBoundScaleUp = ProposalRule(
        name: "memory-bound-scale-up", statement: "More replicas hold more sequences in memory.",
        triggers: latency.union([.resourceUtilization, .errorRateThreshold]), proposals: [.init(.replicas, 1)],
        applies: { $0.bottleneck.kind == .memory ? $0.bottleneck.reason : nil })

    static let slowDecodingSmallerBatch = ProposalRule(
        name: "slow-decoding-smaller-batch", statement: "Tokens come faster from a smaller batch, and from replicas that share the load.",
        triggers: latency, proposals: [.init(.concurrency, -1), .init(.batchSize, -1), .init(.batchTokens, -1), .init(.replicas, 1)],
        applies: { circumstances in
            let slow = circumstances.missedLatencies.intersection([.timePerOutputToken, .interTokenLatency])
            guard !slow.isEmpty else { return nil }
            return "the objective on \(slow.map(\.rawValue).sorted().joined(separator: " and ")) is missed"
        })

    static let slowPrefillLargerBudget = ProposalRule(
        name: "slow-prefill-larger-budget",
        statement: "A first token that is slow without waiting is computed sooner with more prompt tokens per iteration.",
        triggers: latency, proposals: [.init(.batchTokens, 1)],
        applies: { circumstances in
            guard circumstances.missedLatencies.contains(.timeToFirstToken) else { return nil }
            guard let share = circumstances.state.waitingShare, share < 0.4 else { return nil }
            return "only \(percent(share)) of the time to first token is waiting, the rest is prefill"
        })

    static let spareComputeLargerBatch = ProposalRule(
        name: "spare-compute-larger-batch", statement: "Low throughput beside a GPU with spare time is raised by a larger batch.",
        triggers: [.throughputThreshold, .costEfficiency],
        proposals: [.init(.batchSize, 1), .init(.concurrency, 1), .init(.batchTokens, 1)],
        applies: { circumstances in
            guard circumstances.bottleneck.kind != .memory else { return nil }
            guard let gpu = circumstances.state.gpuUtilization else {
                return "GPU time was not measured; nothing speaks against a larger batch"
            }
            return gpu < 0.85 ? "the GPU is only \(percent(gpu)) busy" : nil
        })

    static let throughputScaleUp = ProposalRule(
        name: "throughput-scale-up", statement: "A full pool answers more requests with more replicas.",
        triggers: [.throughputThreshold], proposals: [.init(.replicas, 1)],
        applies: { circumstances in
            guard let load = circumstances.state.load, load >= 0.8 else { return nil }
            return "the pool is \(percent(load)) loaded"
        })

    static let overloadErrorsScaleUp = ProposalRule(
        name: "overload-errors-scale-up", statement: "Requests turned away for overload need more capacity; other errors do not.",
        triggers: [.errorRateThreshold, .slaViolation], proposals: [.init(.replicas, 1)],
        applies: { circumstances in
            guard let share = circumstances.state.overloadShareOfErrors, share >= 0.5 else { return nil }
            return "\(percent(share)) of the errors are refusals for overload (429, 503, time-outs)"
        })

    static let idleScaleDown = ProposalRule(
        name: "idle-scale-down", statement: "Capacity that is not used can be given back.",
        triggers: [.costEfficiency, .resourceUtilization, .scheduled], proposals: [.init(.replicas, -1)],
        applies: { circumstances in
            guard circumstances.keepsObjective, circumstances.missedLatencies.isEmpty, !circumstances.missesThroughput else { return nil }
            if let gpu = circumstances.state.gpuUtilization {
                return gpu < 0.6 ? "the GPU is only \(percent(gpu)) busy and every objective is met" : nil
            }
            guard let load = circumstances.state.load, load < 0.5 else { return nil }
            return "the pool is only \(percent(load)) loaded and every objective is met"
        })

    static let repeatedPromptsCache = ProposalRule(
        name: "repeated-prompts-cache", statement: "Prompts that repeat are prefilled faster from a cache.",
        triggers: latency, proposals: [.init(.caching, 1)],
        applies: { circumstances in
            circumstances.missedLatencies.contains(.timeToFirstToken) ? "the objective on ttft is missed" : nil
        })

    static let moreDevices = ProposalRule(
        name: "more-devices-per-replica", statement: "A replica spread over more devices computes each token sooner.",
        triggers: latency, proposals: [.init(.tensorParallel, 1)],
        applies: { circumstances in
            guard let share = circumstances.state.waitingShare, share < 0.4, !circumstances.missedLatencies.isEmpty else { return nil }
            return "latency is missed without much waiting (\(percent(share))), so single requests are too slow"
        })

    static let missedFirstTokenScaleUp = ProposalRule(
        name: "missed-first-token-scale-up",
        statement:
            "Where no resource stands out, sharing the load over more replicas is the change that can least make a late first token later.",
        triggers: latency, proposals: [.init(.replicas, 1)],
        applies: { circumstances in
            guard circumstances.missedLatencies.contains(.timeToFirstToken), circumstances.bottleneck.kind == .none else { return nil }
            return "the objective on ttft is missed and \(circumstances.bottleneck.reason)"
        })

    private static func percent(_ ratio: Double) -> String { FigureText.percent((ratio * 100).rounded() / 100) }
}
