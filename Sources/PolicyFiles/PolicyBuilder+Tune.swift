internal import Policies

extension PolicyBuilder {
    func tune(_ object: ParsedObject) -> TuneTerms {
        var terms = TuneTerms()
        terms.knobs = object.list("knobs")?.compactMap(\.text)
        if let weights = object.object("objective") {
            terms.objective = TuneTerms.Weights(ttft: weights.number("ttft") ?? 0, tpot: weights.number("tpot") ?? 0)
        }
        terms.experiments = object.eventBudget("experiments") ?? terms.experiments
        terms.cooldown = object.duration("cooldown") ?? terms.cooldown
        terms.errorBudget = object.number("errorBudget") ?? terms.errorBudget
        return terms
    }

    /// What tuning needs beside its own fields: knobs that can be tried, not too many values, and the leave to try them on a part of the replicas.
    mutating func check(tuningIn object: ParsedObject, at place: Place, _ policy: Policy) {
        checkNames(object, policy)
        checkWeights(object)
        if policy.verify.canary == .never {
            log.error(
                place,
                "what is tuned is tried on a part of the replicas, and 'verify' says 'canary: never'; write 'canary: auto', or remove 'tune'"
            )
        }
        let tuned = policy.tunedKnobs
        if !object.has("knobs"), tuned.isEmpty {
            let refused = policy.knobs.map {
                "'\($0.name)': \($0.obstacleToTuning ?? "of role \($0.role.rawValue), name it in 'knobs' of 'tune'")"
            }
            let why = refused.isEmpty ? "the policy has none" : refused.joined(separator: "; ")
            log.error(place, "no knob can be tuned (\(why)); add one with a few values, such as maxNumSeqs: {values: [64, 128, 256]}")
        }
        let count = tuned.reduce(0) { $0 + min($1.domain.count, TuneTerms.mostMoves + 1) }
        guard count > TuneTerms.mostMoves else { return }
        let sizes = tuned.map { "\($0.name) has \($0.domain.count)" }.joined(separator: ", ")
        log.error(
            object.place(of: "knobs"),
            "more than \(TuneTerms.mostMoves) values cannot be weighed at once, and \(sizes): list fewer with 'values', or write a larger 'step'"
        )
    }

    private mutating func checkNames(_ object: ParsedObject, _ policy: Policy) {
        var seen: Set<String> = []
        for entry in object.list("knobs") ?? [] {
            guard let name = entry.text else { continue }
            if !seen.insert(name).inserted { log.error(entry.place, "'\(name)' is named twice") }
            guard let knob = policy.knobs.first(where: { $0.name == name }) else {
                let known = policy.knobs.map(\.name).joined(separator: ", ")
                log.error(entry.place, "the policy has no knob '\(name)'" + (known.isEmpty ? "" : "; it has \(known)"))
                continue
            }
            if let obstacle = knob.obstacleToTuning { log.error(entry.place, "'\(name)' cannot be tuned: \(obstacle)") }
            if knob.domain.count < 2 { log.error(entry.place, "'\(name)' has one value only, and nothing else could be tried") }
        }
    }

    private mutating func checkWeights(_ object: ParsedObject) {
        guard let weights = object.object("objective"), (weights.number("ttft") ?? 0) + (weights.number("tpot") ?? 0) <= 0 else { return }
        log.error(object.place(of: "objective"), "nothing is to become small: write a weight above 0, such as {ttft: 50%, tpot: 50%}")
    }
}
