import Control
import FoundationEssentials
import Measurements
import Simulation
import Synchronization
import Verification

/// What replicas of a simulated pool did, by the groups they are in.
final class TrialMeter: CanaryMeter {
    let obstacle: String?
    let countsArrivals = false
    /// By which requests are judged; `nil` where nothing asks.
    private let limits: [LatencyLimit]?
    private let state = Mutex(State())

    private struct State {
        var experiment: UUID?
        var series: CanarySeries?
        var outcomes: [RequestOutcome] = []
        var isAsked = false
    }

    /// - Parameters:
    ///   - seesReplicas: Whether one of the policy's sources tells one replica's requests from another's; probes do not.
    ///   - limits: By which requests are judged; `nil` where nothing asks.
    init(seesReplicas: Bool, limits: [LatencyLimit]?) {
        self.limits = limits
        obstacle = seesReplicas ? nil : "probes do not tell which replica has answered them"
    }

    /// Takes in what ended; it is forgotten unless somebody asks at the next look.
    func take(_ outcomes: some Sequence<RequestOutcome>) {
        state.withLock { state in
            if !state.isAsked { state.outcomes = [] }
            state.isAsked = false
            state.outcomes += outcomes
        }
    }

    func buckets(_ look: CanaryLook) async -> [CanaryBucket] {
        state.withLock { state in
            state.isAsked = true
            if state.experiment != look.experiment || state.series?.length != look.bucketLength {
                state.experiment = look.experiment
                state.series = CanarySeries(start: look.since, length: look.bucketLength)
            }
            let groups = Self.groups(look.status)
            let requests = state.outcomes.compactMap { outcome in
                groups[SimulatorCanary.name(ofReplica: outcome.replica)].map { CanaryRequest($0, outcome, limits) }
            }
            state.outcomes = []
            for group in CanaryGroup.allCases {
                let ready = groups.count { $0.value == group }
                state.series?.record(group, at: look.now.advanced(by: .nanoseconds(-1))) { $0.readyReplicas = ready }
            }
            state.series?.record(requests, now: look.now)
            return state.series?.takeBuckets() ?? []
        }
    }

    private static func groups(_ status: CanaryStatus) -> [String: CanaryGroup] {
        var groups: [String: CanaryGroup] = [:]
        for pod in status.canary where pod.counts { groups[pod.name] = .canary }
        for pod in status.control where pod.counts { groups[pod.name] = .control }
        return groups
    }
}

extension CanaryRequest {
    fileprivate init(_ group: CanaryGroup, _ outcome: RequestOutcome, _ limits: [LatencyLimit]?) {
        let end = TrialSource.epoch.advanced(by: outcome.lastToken)
        let isMet = limits.map { outcome.keeps($0) }
        guard outcome.ending == .completed else {
            self.init(group, end: end, .failed, metObjective: isMet)
            return
        }
        self.init(
            group, end: end,
            .answered(
                Answer(
                    timeToFirstToken: outcome.timeToFirstToken, timePerOutputToken: outcome.timePerOutputToken, endToEnd: outcome.endToEnd,
                    inputTokens: outcome.inputTokens, outputTokens: outcome.outputTokens, cachedTokens: outcome.cachedTokens)),
            metObjective: isMet)
    }
}
