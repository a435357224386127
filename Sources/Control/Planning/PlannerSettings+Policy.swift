import EngineModels
import Measurements
public import Policies
public import Scaling

extension PlannerSettings {
    /// What a planner is to hold under a policy.
    /// - Throws: ``ReplicaPlanStep/Hold`` where the policy names what this version does not know, or limits no time per token.
    init(_ policy: Policy, _ terms: ReplicaPlanTerms) throws(PlanRefusal) {
        guard let profile = EngineProfile.named(terms.profile) else { throw PlanRefusal(hold: .unknownProfile(terms.profile)) }
        guard let limit = policy.timePerOutputTokenLimit else { throw PlanRefusal(hold: .noObjective) }
        self.init(
            profile: profile,
            engine: EngineSettings(maxNumSeqs: terms.maxNumSeqs, maxNumBatchedTokens: terms.maxNumBatchedTokens),
            timePerOutputToken: Nanoseconds(seconds: limit.inSeconds), attainment: Self.aim(policy.objective.attainment),
            coldStart: Nanoseconds(seconds: terms.startup.inSeconds))
    }

    /// Half the misses that are allowed, for the budget is spent unevenly.
    public static func aim(_ attainment: Double) -> Double { min(1 - (1 - attainment) / 2, 0.999_9) }
}

/// Why there can be no planner.
struct PlanRefusal: Error {
    let hold: ReplicaPlanStep.Hold
}

extension Policy {
    /// The tightest limit on the time between tokens; `nil` where there is none.
    public var timePerOutputTokenLimit: Duration? {
        objective.latencies.filter { [.timePerOutputToken, .interTokenLatency].contains($0.metric) }.map(\.limit).min()
    }
}
