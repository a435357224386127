internal import Measurements
internal import Policies

extension PolicyLint {
    func check(_ trigger: Trigger, at index: Int, _ log: inout DiagnosticLog) {
        let path: [PolicyPlaces.Step] = [.key("triggers"), .index(index)]
        if !policy.monitor.sources.isEmpty {
            for reason in neverKnown(trigger.condition, of: trigger) {
                log.warning(places.place(path + [.key("when")]), "the trigger '\(trigger.name)' can never fire: \(reason)")
            }
        }
        checkTimes(trigger, path, &log)
        if trigger.condition.asksOnlyForDeviceUtilization {
            log.warning(
                places.place(path + [.key("when")]),
                "devices are close to 100 % busy whenever requests are batched; join it with a latency or the queue by 'and'")
        }
    }

    private func checkTimes(_ trigger: Trigger, _ path: [PolicyPlaces.Step], _ log: inout DiagnosticLog) {
        let judged = policy.verify.settle + policy.verify.window
        if policy.mode != .recommend, trigger.cooldown < judged {
            log.warning(
                places.place(path + [.key("cooldown")]),
                "the cooldown of \(FigureText.duration(trigger.cooldown)) ends before a change is judged after \(FigureText.duration(judged)) "
                    + "(settle and window of 'verify')")
        }
        if trigger.window < policy.monitor.interval {
            log.warning(
                places.place(path + [.key("window")]),
                "the window of \(FigureText.duration(trigger.window)) is shorter than the interval of \(FigureText.duration(policy.monitor.interval)): "
                    + "what happens in between is never looked at")
        }
        if trigger.holdFor > .zero, trigger.holdFor < policy.monitor.interval {
            log.warning(
                places.place(path + [.key("for")]),
                "'for' \(FigureText.duration(trigger.holdFor)) is shorter than the interval of \(FigureText.duration(policy.monitor.interval)) "
                    + "and means one interval")
        }
    }

    /// Why a condition stays unknown whatever happens; empty when it can become known.
    private func neverKnown(_ condition: Condition, of trigger: Trigger) -> [String] {
        switch condition {
        case .leaf(let leaf): return neverKnown(leaf, of: trigger).map { ["\(leaf.name): \($0)"] } ?? []
        case .and(let children): return children.flatMap { neverKnown($0, of: trigger) }
        case .or(let children):
            let reasons = children.map { neverKnown($0, of: trigger) }
            return reasons.allSatisfy { !$0.isEmpty } ? reasons.flatMap(\.self) : []
        case .not(let child): return neverKnown(child, of: trigger)
        }
    }

    private func neverKnown(_ leaf: Condition.Leaf, of trigger: Trigger) -> String? {
        for (query, window) in leaf.queries {
            if let reason = missingDefinition(query) { return reason }
            guard policy.monitor.sources.contains(where: { $0.canDeliver(query) }) else {
                if case .signal(let name) = query { return "no Prometheus source has a query named '\(name)'" }
                return "no source delivers the \(query)"
            }
            guard let rate = onlyProbeRate, query.sampleKind == .requests else { continue }
            let span = window ?? trigger.window
            guard rate * span.inSeconds < Double(trigger.minSamples) else { continue }
            return "the probe sends about \(FigureText.number(rate * span.inSeconds)) requests in \(FigureText.duration(span)), "
                + "fewer than minSamples \(trigger.minSamples)"
        }
        return nil
    }

    private func missingDefinition(_ query: MetricQuery) -> String? {
        switch query {
        case .objectiveViolations where policy.objective.latencies.isEmpty: "the objective has no latency limit that could be missed"
        case .burnRate where policy.objective.latencies.isEmpty && policy.objective.errorRate == nil:
            "the objective has neither a latency limit nor an error rate, so there is no error budget"
        case .costPerThousandTokens where policy.cost == nil: "the policy has no 'cost'"
        default: nil
        }
    }
}

extension Condition {
    fileprivate var asksOnlyForDeviceUtilization: Bool {
        let tests = allLeaves.map(\.test)
        return !tests.isEmpty
            && tests.allSatisfy {
                if case .compare(.utilization(.gpu), .above, _, _) = $0 { true } else { false }
            }
    }
}
