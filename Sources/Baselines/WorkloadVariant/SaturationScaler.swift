public import Measurements
public import Scaling

/// llm-d's Workload Variant Autoscaler with its first saturation analyzer, for a model with one variant, every 60 s.
///
/// Source: llm-d workload-variant-autoscaler internal/saturation/analyzer.go at 36587f8c, the same at b08b1c77.
public struct SaturationScaler: ReplicaScaler {
    public var rule: SaturationRule
    private var maxima = PodMaxima()
    private var scrapes = 0

    public init(rule: SaturationRule = SaturationRule()) { self.rule = rule }

    public var name: String { "WVA saturation v1" }
    /// Of a scrape; every fourth one is followed by a decision.
    public var period: Nanoseconds { Nanoseconds(seconds: 15) }

    public mutating func replicas(after observation: ScalingObservation) -> Int {
        maxima.add(observation)
        scrapes += 1
        guard scrapes.isMultiple(of: 4) else { return observation.wanted }
        return rule.desired(maxima.replicas, wanted: observation.wanted)
    }
}

/// Adds or removes one replica by what is spare of cache and queue.
public struct SaturationRule: Sendable, Hashable {
    /// Share of the cache, `0...1`, and requests waiting, from which on a replica is saturated.
    public var cacheThreshold = 0.80
    public var queueThreshold = 5.0
    /// Less of them to spare in the mean adds a replica.
    public var cacheSpareTrigger = 0.1
    public var queueSpareTrigger = 3.0

    public init() {}

    /// - Parameters:
    ///   - replicas: All that report.
    ///   - wanted: While others are wanted than report nothing is changed.
    public func desired(_ replicas: [ScalingObservation.ReplicaLoad], wanted: Int) -> Int {
        guard !replicas.isEmpty, replicas.count == wanted else { return wanted }
        let free = replicas.filter { $0.cacheUsage < cacheThreshold && Double($0.waiting) < queueThreshold }
        let count = Double(free.count)
        // Where all are saturated nothing is spare.
        let cacheSpare = free.isEmpty ? 0 : free.reduce(0) { $0 + cacheThreshold - $1.cacheUsage } / count
        let queueSpare = free.isEmpty ? 0 : free.reduce(0) { $0 + queueThreshold - Double($1.waiting) } / count
        if cacheSpare < cacheSpareTrigger || queueSpare < queueSpareTrigger { return wanted + 1 }
        guard free.count >= 2, wanted > 1 else { return wanted }
        // The load of saturated replicas is left out, as in the source.
        let growth = count / (count - 1)
        let cacheLeft = cacheThreshold - (cacheThreshold - cacheSpare) * growth
        let queueLeft = queueThreshold - (queueThreshold - queueSpare) * growth
        return cacheLeft >= cacheSpareTrigger && queueLeft >= queueSpareTrigger ? wanted - 1 : wanted
    }
}
