internal import Learning
internal import Measurements
internal import Policies

/// Warns of what is legal but cannot be meant: settings that never have an effect, or only a bad one.
struct PolicyLint {
    let policy: Policy
    let places: PolicyPlaces

    func run(into log: inout DiagnosticLog) {
        checkMode(&log)
        checkSources(&log)
        for (index, trigger) in policy.triggers.enumerated() { check(trigger, at: index, &log) }
        checkKnobs(&log)
        checkVerification(&log)
        checkTuning(&log)
    }

    private func checkMode(_ log: inout DiagnosticLog) {
        guard policy.mode != .recommend else { return }
        let mode = "mode '\(policy.mode.rawValue)'"
        if policy.target == .none {
            log.warning(places.place(.key("mode")), "\(mode) without a target: there is nothing to act on, so it only recommends")
        }
        if policy.objective.isEmpty {
            log.warning(
                places.place(.key("mode")), "\(mode) without an objective: no change can be judged against what the deployment must achieve"
            )
        }
        if policy.mode == .auto, policy.learning.holdout == 0 {
            log.warning(
                places.place(.key("learning"), .key("holdout")),
                "without holdouts the effect of a change cannot be told from what would have happened anyway")
        }
        if policy.monitor.sources.isEmpty, !policy.triggers.isEmpty {
            log.warning(places.place(.key("triggers")), "\(mode) without sources: no trigger can ever be known to hold")
        }
    }

    private static let presets = ["vllm", "sglang", "tgi", "triton", "dynamo", "llamacpp", "dcgm"]

    private func checkSources(_ log: inout DiagnosticLog) {
        for (index, source) in policy.monitor.sources.enumerated() {
            let path: [PolicyPlaces.Step] = [.key("monitor"), .key("sources"), .index(index)]
            switch source.kind {
            case .prometheus(let server):
                if let preset = server.preset { checkPreset(preset, path + [.key("prometheus"), .key("preset")], &log) }
                if server.preset == nil, server.queries.isEmpty {
                    log.warning(places.place(path + [.key("prometheus")]), "neither a preset nor queries: this source delivers nothing")
                }
            case .probe(let probe):
                let gap = Duration.seconds(fractional: 1 / probe.rate)
                guard gap > policy.monitor.staleAfter else { continue }
                log.warning(
                    places.place(path + [.key("probe"), .key("rate")]),
                    "a probe every \(FigureText.duration(gap)) is stale after \(FigureText.duration(policy.monitor.staleAfter)): "
                        + "its figures are unknown most of the time")
            case .scrape(let pages): checkPreset(pages.preset, path + [.key("scrape"), .key("preset")], &log)
            case .importFiles: continue
            }
        }
    }

    private func checkPreset(_ preset: String, _ path: [PolicyPlaces.Step], _ log: inout DiagnosticLog) {
        guard !Self.presets.contains(preset) else { return }
        log.warning(places.place(path), "no preset is named '\(preset)'; known are \(Self.presets.joined(separator: ", "))")
    }

    private func checkKnobs(_ log: inout DiagnosticLog) {
        if policy.knobs.isEmpty, policy.mode != .recommend {
            log.warning(places.place(.key("mode")), "mode '\(policy.mode.rawValue)' without knobs: there is nothing to change")
        }
        let types = Set(policy.triggers.map(\.type))
        let usable = Set(ProposalRule.all.filter { !$0.triggers.isDisjoint(with: types) }.flatMap(\.proposals).map(\.role))
        for knob in policy.knobs {
            let place = places.place(.key("knobs"), .key(knob.name))
            if knob.domain.hasOneValue { log.warning(place, "the knob '\(knob.name)' has one value only: it can never be changed") }
            if knob.plan != nil {
                checkPlan(of: knob, &log)
            } else if policy.tunedKnobs.contains(knob) {
                continue
            } else if policy.triggers.isEmpty {
                log.warning(place, "the knob '\(knob.name)' is never used: the policy has no triggers")
            } else if !usable.contains(knob.role) {
                let names = types.map(\.rawValue).sorted().joined(separator: ", ")
                log.warning(
                    place, "the knob '\(knob.name)' is never used: no rule of \(names) changes a setting of role \(knob.role.rawValue)")
            }
        }
    }

    private func checkVerification(_ log: inout DiagnosticLog) {
        checkCanary(&log)
        guard policy.mode != .recommend, let rate = onlyProbeRate else { return }
        let expected = rate * policy.verify.window.inSeconds
        guard expected < Double(policy.verify.minSamples) else { return }
        log.warning(
            places.place(.key("verify"), .key("minSamples")),
            "the probe sends about \(FigureText.number(expected)) requests in the \(FigureText.duration(policy.verify.window)) of verification, "
                + "\(policy.verify.minSamples) are needed: every change ends inconclusive")
    }

    /// What can never be tried on a part of the replicas is never changed where nothing else is allowed.
    private func checkCanary(_ log: inout DiagnosticLog) {
        guard policy.verify.canary == .always else { return }
        let place = places.place(.key("verify"), .key("canary"))
        if case .command(let target) = policy.target {
            log.warning(place, "'\(target.name)' has no replicas that could be changed apart: no change will ever be made")
        } else if policy.monitor.seesProbesOnly {
            log.warning(
                place,
                "probes do not tell which replica has answered them, so that nothing can be tried on a part of the replicas: only "
                    + "their number will ever be changed; add a source with prometheus or scrape and the preset of an engine")
        }
    }

    /// What is tuned needs replicas that can be changed apart, and sources that tell them apart.
    private func checkTuning(_ log: inout DiagnosticLog) {
        guard policy.tune != nil else { return }
        let place = places.place(.key("tune"))
        if case .command(let target) = policy.target {
            log.warning(place, "'\(target.name)' has no replicas that could be changed apart: nothing will ever be tried")
        } else if policy.monitor.seesProbesOnly {
            log.warning(
                place,
                "probes do not tell which replica has answered them, so that nothing can be tried on a part of the replicas: "
                    + "add a source with prometheus or scrape and the preset of an engine")
        }
    }

    /// Requests per second where probes are the only source.
    var onlyProbeRate: Double? {
        var rate = 0.0
        for source in policy.monitor.sources {
            guard case .probe(let probe) = source.kind else { return nil }
            rate += probe.rate
        }
        return policy.monitor.sources.isEmpty ? nil : rate
    }
}

/// Warns of policies that get into each other's way, across files: two on one target, and two of one name.
public func lintTogether(_ parses: [PolicyParse]) -> [Diagnostic] {
    var owners: [Policy.Target: String] = [:]
    var names: [String: String] = [:]
    var warnings: [Diagnostic] = []
    for parse in parses {
        for (policy, places) in zip(parse.policies, parse.places) {
            let description = "'\(policy.name)' in \(parse.file)"
            var log = DiagnosticLog(file: parse.file)
            if let other = names[policy.name] {
                log.warning(places.name, "a second policy named '\(policy.name)'; the first is in \(other)")
            }
            if let target = policy.target.owned, !policy.suspend {
                if let other = owners[target] {
                    log.warning(places.place(.key("target")), "\(other) has the same target: two policies would undo each other's changes")
                }
                owners[target] = owners[target] ?? description
            }
            names[policy.name] = names[policy.name] ?? parse.file
            warnings += log.report
        }
    }
    return warnings
}

extension Policy.Target {
    /// What only one policy may be in charge of: a workload, or whatever bears the name of a command target.
    fileprivate var owned: Policy.Target? {
        switch self {
        case .kubernetes: return self
        case .command(let target):
            let nothing = Policy.CommandStep(.run([]), timeout: .zero)
            return .command(.init(name: target.name, set: nothing, get: nothing))
        case .simulator, .none: return nil
        }
    }
}

extension Policy.Objective {
    fileprivate var isEmpty: Bool { latencies.isEmpty && errorRate == nil && throughput == nil && tokensPerSecond == nil }
}

extension Knob.Domain {
    fileprivate var hasOneValue: Bool {
        switch self {
        case .range(let min, let max, _): min == max
        case .values(let values): values.count == 1
        }
    }
}
