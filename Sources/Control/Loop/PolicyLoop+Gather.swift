import Measurements
import Policies

extension PolicyLoop {
    /// Asks every source at once and takes in what they deliver.
    /// - Returns: Answers of the sources that count for themselves, in the order of the policy, and the first load that one of them tells.
    func gather(at now: Timestamp) async -> (answers: [RecordedReading], load: ServiceLoad?) {
        let request = DeliveryRequest(
            now: now, questions: policy.questions + policy.evidenceQuestions, deadline: Swift.min(policy.monitor.interval, .seconds(10)),
            loadLimits: policy.plannedKnob == nil ? nil : policy.latencyLimits)
        let deliveries = await withTaskGroup(of: (Int, Delivery).self) { group in
            for (index, source) in ports.sources.enumerated() {
                group.addTask { (index, await source.deliver(request)) }
            }
            var deliveries: [Int: Delivery] = [:]
            for await (index, delivery) in group { deliveries[index] = delivery }
            return ports.sources.indices.compactMap { deliveries[$0] }
        }
        for (source, delivery) in zip(ports.sources, deliveries) { takeIn(delivery, of: source.name, at: now) }
        return (deliveries.flatMap(\.readings), deliveries.lazy.compactMap(\.load).first)
    }

    private func takeIn(_ delivery: Delivery, of source: String, at now: Timestamp) {
        for measurement in delivery.measurements { windows.record(measurement) }
        blocks.record(delivery.measurements, now: now)
        blocks.take(delivery.blocks)
        var health = sourceHealth[source] ?? SourceHealth()
        if let complaint = health.take(delivery, at: now, staleAfter: policy.monitor.staleAfter) {
            announce(.sourceStale, "source '\(source)' \(complaint)", at: now)
        }
        sourceHealth[source] = health
    }
}

/// Whether a source delivers; says so once when it ceases to, or when something is missing for a while although data come.
struct SourceHealth: Sendable, Hashable {
    private var silence = Trouble()
    private var faults = Trouble()

    private struct Trouble: Hashable {
        var since: Timestamp?
        var hasComplained = false

        /// - Returns: For how long, when it has just lasted too long.
        mutating func last(until now: Timestamp, patience: Duration) -> Duration? {
            let begin = since ?? now
            since = begin
            let length = now.since(begin).duration
            guard !hasComplained, length >= patience else { return nil }
            hasComplained = true
            return length
        }
    }

    /// Takes in a delivery. Data alone say whether the source is fresh.
    /// - Returns: What the source does wrong, from the verb on, when that has just become worth telling.
    mutating func take(_ delivery: Delivery, at now: Timestamp, staleAfter: Duration) -> String? {
        let isFresh =
            !delivery.measurements.isEmpty || !delivery.blocks.isEmpty || delivery.readings.contains { $0.reading.isFresh(staleAfter) }
        guard isFresh else {
            guard let length = silence.last(until: now, patience: staleAfter) else { return nil }
            return "delivers nothing fresh: \(delivery.faults.first ?? "no measurement for \(FigureText.duration(length))")"
        }
        silence = Trouble()
        guard let fault = delivery.faults.first else {
            faults = Trouble()
            return nil
        }
        return faults.last(until: now, patience: staleAfter) == nil ? nil : "delivers, but not all: \(fault)"
    }
}

extension Reading {
    fileprivate func isFresh(_ staleAfter: Duration) -> Bool {
        if case .value(let value) = self { value.age <= staleAfter } else { false }
    }
}
