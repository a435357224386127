import Measurements

/// How much slower an engine is than its profile says, from the time between the tokens it really takes.
///
/// Compared is the time at the load that is there, and only while nothing waits and replicas are not full: in an overload everything is
/// slow, and a capacity corrected for that would ask for ever more replicas.
struct SpeedCorrection: Sendable, Codable, Hashable {
    /// Factor on the times of the profile.
    private(set) var slowness = 1.0
    private var rates = RecentDemand(span: 60)
    private var ready = 0

    private static let bounds = 0.5...2.0
    /// Of a period that tells something.
    private static let weight = 0.02

    mutating func add(_ observation: ScalingObservation, _ service: ServiceCapacity, _ mix: RequestMix) {
        let isSteady = observation.ready == ready && ready > 0
        ready = observation.ready
        guard isSteady else { return rates.removeAll() }
        rates.add(observation.arrivalRate / Double(ready), time: observation.time.seconds, length: observation.length.seconds)
        let finished = observation.finished
        guard finished.withSeveralTokens >= 20, observation.waiting <= observation.ready,
            let expected = service.steadyState(rate: rates.last(30) * slowness, mix),
            expected.prefillShare < ServiceCapacity.longestPrefillShare
        else { return }
        let seen = finished.timePerOutputToken * 1_000 / Double(finished.withSeveralTokens)
        // At a slower engine the same load is a higher one: times are compared at the load it is for it.
        let ratio = min(max(seen / (expected.timePerOutputToken * slowness), 0.5), 2)
        slowness = min(max(slowness * (1 + Self.weight * (ratio - 1)), Self.bounds.lowerBound), Self.bounds.upperBound)
    }
}
