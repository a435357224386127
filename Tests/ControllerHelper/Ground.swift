import Foundation
public import Measurements
public import Policies
import Statistics
import Verification

/// What the controllers of a test have in common: one Deployment, one policy with one knob, and how fast requests are at each of its values.
public struct Ground: Sendable {
    /// How the one setting is changed.
    public enum KnobKind: String, Sendable, CaseIterable {
        /// An argument of a container: one write.
        case argument
        /// The same in eight replicas, two of which try it first.
        case canary
        /// The same in a StatefulSet, whose highest two try it first behind a partition.
        case partition
        /// The scale subresource: the mark and the value are a write each.
        case replicas
    }

    public let kind: KnobKind
    /// Log latency added by each doubling of the knob (each replica); negative where more helps.
    public let slope: Double

    public init(_ kind: KnobKind, slope: Double) {
        self.kind = kind
        self.slope = slope
    }

    /// Whether a part of the replicas tries a change first.
    public var hasGroups: Bool { kind == .canary || kind == .partition }

    /// For what a test prints.
    public var title: String { "\(kind), \(slope < 0 ? "helps" : "harms")" }

    /// The deployment under control, as the store calls it.
    public static let target = "llm/Deployment/chat"
    public static let deployment = Policy.KubernetesTarget(namespace: "llm", apiVersion: "apps/v1", kind: "Deployment", name: "chat")

    public var target: String { "llm/\(workload.kind)/chat" }
    public var workload: Policy.KubernetesTarget {
        var workload = Self.deployment
        if kind == .partition { workload.kind = "StatefulSet" }
        return workload
    }

    /// The workload before anything was changed.
    public var manifest: String { Self.manifest(replicas: hasGroups ? 8 : 2, kind: workload.kind) }

    public static func manifest(replicas: Int = 2, kind: String = "Deployment") -> String {
        """
        {apiVersion: apps/v1, kind: \(kind), metadata: {name: chat, namespace: llm}, spec: {replicas: \(replicas),
          selector: {matchLabels: {app: chat}}, template: {metadata: {labels: {app: chat}}, spec: {containers: [
            {name: proxy, image: proxy}, {name: vllm, image: v1, args: [serve, --max-num-seqs=2]}]}}}}
        """
    }

    public var knob: Knob {
        switch kind {
        case .argument, .canary, .partition:
            Knob(
                name: "slots", domain: .values([.integer(2), .integer(4)]),
                place: .containerArgument(container: "vllm", flag: "--max-num-seqs"), role: .concurrency)
        case .replicas: Knob(name: "replicas", domain: .range(min: 2, max: 3, step: 1), place: .replicas, role: .replicas)
        }
    }

    /// One trigger that fires before any change, and after one not again within the test.
    public var policy: Policy {
        var policy = Policy(name: "chat", target: .kubernetes(workload))
        policy.mode = .auto
        policy.objective.latencies = [.init(metric: .timeToFirstToken, statistic: .percentile(.p95), limit: .milliseconds(500))]
        var trigger = Trigger(
            name: "slow", type: .latencyThreshold,
            condition: .leaf(
                .init(
                    name: "p95LatencyExceeds",
                    test: .compare(.latency(.timeToFirstToken, .percentile(.p95)), .above, threshold: 0.5, window: nil))))
        trigger.window = step * 4
        trigger.minSamples = 10
        trigger.cooldown = .seconds(7_200)
        trigger.cooldownAfterRollback = .seconds(7_200)
        policy.triggers = [trigger]
        policy.knobs = [knob]
        policy.monitor.interval = step
        policy.verify.settle = .seconds(30)
        policy.verify.window = .seconds(120)
        policy.verify.minSamples = 50
        policy.verify.canary = hasGroups ? .always : .never
        policy.learning.holdout = 0
        return policy
    }

    public static let start = Timestamp(nanosecondsSinceEpoch: 1_800_000_000_000_000_000)

    /// Between two looks, and ticks. A canary takes an hour and more of the controller's time.
    public var step: Duration { .seconds(hasGroups ? 60 : 15) }

    /// The requests of the step before a time at a value of the knob; the same for the same time and value, in every process.
    public func measurements(until now: Timestamp, value: Int) -> [InferenceMeasurement] {
        var noise = SplitMix64(seed: UInt64(bitPattern: now.nanosecondsSinceEpoch) ^ 0x9e37_79b9)
        let steps = kind == .replicas ? Double(value - 2) : log2(Double(max(1, value)) / 2)
        let shift = slope * steps
        // A canary takes more of them: each group sees a quarter.
        let count = hasGroups ? 300 : 12
        return (0..<count).map { index in
            // One of twelve does not queue: what it takes without waiting is known.
            let ttft = index % 12 == 0 ? 0.08 : 0.8 * exp(shift + 0.15 * noise.normal())
            let tpot = 0.03 * exp(shift + 0.1 * noise.normal())
            var measurement = InferenceMeasurement(
                id: UUID(), time: now.advanced(by: .milliseconds((-1_000 + index * 960 / count) * Int(step.components.seconds))),
                model: "m", provider: "p", endpoint: "e")
            measurement.timeToFirstToken = Nanoseconds(seconds: ttft)
            measurement.timePerOutputToken = Nanoseconds(seconds: tpot)
            measurement.outputTokens = 20
            measurement.inputTokens = 100
            measurement.endToEnd = Nanoseconds(seconds: ttft + 19 * tpot)
            return measurement
        }
    }
}

extension Ground {
    /// What a group did in a bucket at a value of the knob; the same for the same time, group and value.
    func bucket(_ group: CanaryGroup, until end: Timestamp, value: Int) -> GroupBucket {
        var noise = SplitMix64(seed: UInt64(bitPattern: end.nanosecondsSinceEpoch) ^ (group == .canary ? 0x51ed : 0x2705))
        let shift = slope * log2(Double(max(1, value)) / 2)
        var bucket = GroupBucket()
        for _ in 0..<24 {
            let ttft = 0.8 * exp(shift + 0.15 * noise.normal())
            let tpot = 0.03 * exp(shift + 0.1 * noise.normal())
            bucket.add(
                CanaryRequest(
                    group, end: end,
                    .answered(
                        .init(
                            timeToFirstToken: Nanoseconds(seconds: ttft), timePerOutputToken: Nanoseconds(seconds: tpot),
                            endToEnd: Nanoseconds(seconds: ttft + 19 * tpot), inputTokens: 100, outputTokens: 20))))
        }
        return bucket
    }
}

extension SplitMix64 {
    /// A draw of the standard normal distribution.
    fileprivate mutating func normal() -> Double {
        let uniform = max(Double(next() >> 11) * 0x1p-53, 1e-12)
        return (-2 * log(uniform)).squareRoot() * cos(2 * .pi * Double(next() >> 11) * 0x1p-53)
    }
}
