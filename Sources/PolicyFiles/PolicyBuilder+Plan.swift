internal import EngineModels
internal import Measurements
internal import Policies

extension PolicyBuilder {
    /// `nil` where the profile was refused.
    func plan(_ object: ParsedObject) -> ReplicaPlanTerms? {
        guard let profile = object.text("profile") else { return nil }
        return ReplicaPlanTerms(
            profile: profile, startup: object.duration("startup") ?? ReplicaPlanTerms.usualStartup,
            maxNumSeqs: object.integer("maxNumSeqs") ?? ReplicaPlanTerms.usualMaxNumSeqs,
            maxNumBatchedTokens: object.integer("maxNumBatchedTokens") ?? ReplicaPlanTerms.usualMaxNumBatchedTokens)
    }

    /// What a plan needs beside its own fields: a number of replicas that may be any within bounds, and a limit to plan for.
    mutating func check(plansIn knobs: ParsedObject?, _ policy: Policy) {
        var first: String?
        for entry in knobs?.entries ?? [] {
            guard let fields = entry.value.object, let place = fields.writtenKeys["plan"] else { continue }
            if let first {
                log.error(place, "a second plan: '\(first)' is planned already, and a deployment has one number of replicas")
            }
            first = first ?? entry.key
            if let knob = policy.knobs.first(where: { $0.name == entry.key }) { check(knob, fields, at: place, policy) }
        }
    }

    private mutating func check(_ knob: Knob, _ fields: ParsedObject, at place: Place, _ policy: Policy) {
        guard knob.role == .replicas else {
            return log.error(
                place, "only the number of replicas can be planned, and '\(knob.name)' is of role \(knob.role.rawValue); remove 'plan'")
        }
        switch knob.domain {
        case .range(_, _, let step) where step != 1:
            log.error(fields.place(of: "step"), "a plan takes any number from 'min' through 'max'; remove 'step' \(step)")
        case .range: break
        case .values: log.error(fields.place(of: "values"), "a plan takes any number within bounds; write 'min' and 'max' for 'values'")
        }
        if !policy.objective.latencies.contains(where: { $0.metric == .timePerOutputToken || $0.metric == .interTokenLatency }) {
            log.error(
                place, "a plan must know how far apart tokens may be: add tpot to the objective, such as objective: {tpot: {mean: 50ms}}")
        }
        guard let terms = knob.plan, let profile = EngineProfile.named(terms.profile) else { return }
        let settings = EngineSettings(maxNumSeqs: terms.maxNumSeqs, maxNumBatchedTokens: terms.maxNumBatchedTokens)
        if let problem = settings.problem(with: profile) { log.error(place, "no \(profile.name) starts with these settings: \(problem)") }
    }
}
