import Measurements
import Policies

extension PolicyLoop {
    /// Asks every source at once and takes in what they deliver.
    /// - Returns: Answers of the sources that count for themselves, in the order of the policy.
    func gather(at now: Timestamp) async -> [RecordedReading] {
        let request = DeliveryRequest(
            now: now, questions: policy.questions + policy.evidenceQuestions, deadline: Swift.min(policy.monitor.interval, .seconds(10)))
        let deliveries = await withTaskGroup(of: (Int, Delivery).self) { group in
            for (index, source) in ports.sources.enumerated() {
                group.addTask { (index, await source.deliver(request)) }
            }
            var deliveries: [Int: Delivery] = [:]
            for await (index, delivery) in group { deliveries[index] = delivery }
            return ports.sources.indices.compactMap { deliveries[$0] }
        }
        for (source, delivery) in zip(ports.sources, deliveries) { takeIn(delivery, of: source.name, at: now) }
        return deliveries.flatMap(\.readings)
    }

    private func takeIn(_ delivery: Delivery, of source: String, at now: Timestamp) {
        for measurement in delivery.measurements { windows.record(measurement) }
        blocks.record(delivery.measurements, now: now)
        blocks.take(delivery.blocks)
        var health = sourceHealth[source] ?? SourceHealth()
        if let complaint = health.take(delivery, at: now, staleAfter: policy.monitor.staleAfter) {
            announce(.sourceStale, "source '\(source)' delivers nothing fresh: \(complaint)", at: now)
        }
        sourceHealth[source] = health
    }
}

/// Whether a source delivers; says so once when it ceases to.
struct SourceHealth: Sendable, Hashable {
    private(set) var lastFresh: Timestamp?
    private var since: Timestamp?
    private var hasComplained = false

    /// Takes in a delivery.
    /// - Returns: A sentence when the source has just become stale.
    mutating func take(_ delivery: Delivery, at now: Timestamp, staleAfter: Duration) -> String? {
        let isFresh =
            delivery.faults.isEmpty
            && (!delivery.measurements.isEmpty || !delivery.blocks.isEmpty || delivery.readings.contains { $0.reading.isFresh(staleAfter) })
        if isFresh {
            lastFresh = now
            since = nil
            hasComplained = false
            return nil
        }
        let silentSince = since ?? now
        since = silentSince
        guard !hasComplained, now.since(silentSince).duration >= staleAfter else { return nil }
        hasComplained = true
        return delivery.faults.first ?? "no measurement for \(FigureText.duration(now.since(silentSince).duration))"
    }
}

extension Reading {
    fileprivate func isFresh(_ staleAfter: Duration) -> Bool {
        if case .value(let value) = self { value.age <= staleAfter } else { false }
    }
}
