import Measurements

/// How much slower an engine is than its profile says, from the time between the tokens it really takes.
///
/// Compared is the time at the load that is there, and only while nothing waits and replicas are not full: in an overload everything is
/// slow, and a capacity corrected for that would ask for ever more replicas.
struct SpeedCorrection: Sendable, Codable, Hashable {
    /// What was seen, over the times of the profile.
    private var seenSlowness = usual
    private var rates = RecentDemand(span: 60)
    private var ready = 0

    private static let bounds = 0.5...2.0
    /// With the right profile: the model of capacity counts the time of a prompt as if no weights were read along with it, which makes
    /// simulated engines seem faster by 6 %, at all loads of a day within 1 %; 4 % on either side are left to other requests.
    private static let usual = 0.94
    private static let trusted = 0.90...0.98
    /// Of a period that tells something.
    private static let weight = 0.02

    /// Factor on the times of the profile; 1 as long as they are about right.
    var slowness: Double {
        seenSlowness / min(max(seenSlowness, Self.trusted.lowerBound), Self.trusted.upperBound)
    }

    mutating func add(_ observation: ScalingObservation, _ service: ServiceCapacity, _ mix: RequestMix) {
        let isSteady = observation.ready == ready && ready > 0
        ready = observation.ready
        guard isSteady else { return rates.removeAll() }
        rates.add(observation.arrivalRate / Double(ready), time: observation.time.seconds, length: observation.length.seconds)
        let finished = observation.finished
        guard finished.withSeveralTokens >= 20, observation.waiting <= observation.ready,
            let expected = service.steadyState(rate: rates.last(30) * seenSlowness, mix),
            expected.prefillShare < ServiceCapacity.longestPrefillShare
        else { return }
        let seen = finished.timePerOutputToken * 1_000 / Double(finished.withSeveralTokens)
        // At a slower engine the same load is a higher one: times are compared at the load it is for it.
        let ratio = min(max(seen / (expected.timePerOutputToken * seenSlowness), 0.5), 2)
        seenSlowness = min(max(seenSlowness * (1 + Self.weight * (ratio - 1)), Self.bounds.lowerBound), Self.bounds.upperBound)
    }
}
