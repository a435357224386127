import Policies
import PolicyFiles
import Testing

@Suite struct PolicyLintTests {
    static let probe = "monitor: {sources: [{name: a, probe: {endpoint: \"http://x\", provider: openai, model: m, rate: 1/s}}]}"
    static let engine = "monitor: {sources: [{name: a, prometheus: {url: \"http://x\", preset: vllm}}]}"
    static let slow = "triggers: [{name: slow, type: latencyThreshold, when: {p95LatencyExceeds: 500ms}}]"
    static let replicas = "knobs: {replicas: {min: 1, max: 8}}"

    @Test(
        "warns of what is legal and foolish, at its place",
        arguments: [
            (
                "\(probe)\n\(replicas)\ntriggers:\n- name: busy\n  type: latencyThreshold\n  when: {and: [{kvCacheUtilizationAbove: 90%}, {p95LatencyExceeds: 1s}]}",
                "10:5: warning: the trigger 'busy' can never fire: kvCacheUtilizationAbove: no source delivers the kv cache utilization"
            ),
            (
                "\(engine)\n\(replicas)\ntriggers: [{name: t, type: latencyThreshold, when: {signal: {name: depth, above: 1}}}]",
                "7:48: warning: the trigger 't' can never fire: signal: no Prometheus source has a query named 'depth'"
            ),
            (
                "\(engine)\n\(replicas)\ntriggers: [{name: t, type: slaViolation, when: {slaViolationCount: {max: 5}}}]",
                "7:44: warning: the trigger 't' can never fire: slaViolationCount: the objective has no latency limit that could be missed"
            ),
            (
                "\(engine)\n\(replicas)\ntriggers: [{name: t, type: costEfficiency, when: {costPerThousandTokensAbove: 1}}]",
                "7:46: warning: the trigger 't' can never fire: costPerThousandTokensAbove: the policy has no 'cost'"
            ),
            (
                "\(probe.replacing("1/s", with: "0.05/s"))\n\(slow)\n\(replicas)",
                "6:51: warning: the trigger 'slow' can never fire: p95LatencyExceeds: the probe sends about 15 requests in 5m, fewer than minSamples 30"
            ),
            (
                "\(probe.replacing("1/s", with: "1/m"))\n\(replicas)",
                "5:91: warning: a probe every 1m is stale after 45s: its figures are unknown most of the time"
            ),
            (
                "\(engine)\n\(slow)\nknobs: {replicas: {min: 2, max: 2}}",
                "7:11: warning: the knob 'replicas' has one value only: it can never be changed"
            ),
            ("\(replicas)", "5:11: warning: the knob 'replicas' is never used: the policy has no triggers"),
            (
                "\(engine)\ntriggers: [{name: t, type: errorRateThreshold, when: {errorRateAbove: 5%}}]\nknobs: {prefixCaching: {values: [true, false], at: {field: /a}}}",
                "7:11: warning: the knob 'prefixCaching' is never used: no rule of errorRateThreshold changes a setting of role caching"
            ),
            (
                "mode: auto\n\(engine)\n\(replicas)\ntriggers: [{name: t, type: slaViolation, when: {errorRateAbove: 5%}, cooldown: 2m}]",
                "8:72: warning: the cooldown of 2m ends before a change is judged after 6m (settle and window of 'verify')"
            ),
            ("mode: auto\n\(engine)\n\(slow)", "5:3: warning: mode 'auto' without knobs: there is nothing to change"),
            (
                "mode: auto\n\(engine)\n\(slow)",
                "5:3: warning: mode 'auto' without a target: there is nothing to act on, so it only recommends"
            ),
            (
                "mode: approve\n\(engine)\n\(slow)",
                "5:3: warning: mode 'approve' without an objective: no change can be judged against what the deployment must achieve"
            ),
            (
                "mode: auto\nlearning: {holdout: 0%}",
                "6:14: warning: without holdouts the effect of a change cannot be told from what would have happened anyway"
            ),
            ("mode: auto\n\(slow)", "6:3: warning: mode 'auto' without sources: no trigger can ever be known to hold"),
            (
                "mode: auto\n\(probe.replacing("1/s", with: "0.2/s"))\nverify: {minSamples: 100}",
                "7:12: warning: the probe sends about 60 requests in the 5m of verification, 100 are needed: every change ends inconclusive"
            ),
            (
                "\(probe)\nverify: {canary: always}",
                "6:12: warning: probes do not tell which replica has answered them, so that nothing can be tried on a part of the replicas: only their number will ever be changed; add a source with prometheus or scrape and the preset of an engine"
            ),
            (
                "\(engine.replacing("vllm", with: "vlm"))",
                "5:63: warning: no preset is named 'vlm'; known are vllm, sglang, tgi, triton, dynamo, llamacpp, dcgm"
            ),
            (
                "monitor: {sources: [{name: a, prometheus: {url: \"http://x\"}}]}",
                "5:33: warning: neither a preset nor queries: this source delivers nothing"
            ),
            (
                "\(engine)\n\(replicas)\ntriggers: [{name: t, type: resourceUtilization, when: {gpuUtilizationAbove: 90%}}]",
                "7:51: warning: devices are close to 100 % busy whenever requests are batched; join it with a latency or the queue by 'and'"
            ),
            (
                "\(engine)\n\(replicas)\ntriggers: [{name: t, type: slaViolation, when: {errorRateAbove: 5%}, window: 5s, for: 5s}]",
                "7:72: warning: the window of 5s is shorter than the interval of 15s: what happens in between is never looked at"
            ),
        ])
    func warnings(spec: String, expected: String) {
        let parse = parsePolicies(PolicyParseTests.file(spec), file: "f")
        #expect(parse.isValid && parse.policies.count == 1, "\(parse.report)")
        #expect(parse.diagnostics.map(\.description).contains("f:" + expected), "\(parse.diagnostics)")
    }

    @Test("an alternative that can be known saves a trigger from the warning, and a query saves a signal")
    func noFalseAlarm() {
        let either = "triggers: [{name: t, type: latencyThreshold, when: {or: [{queueDepthAbove: 3}, {p95LatencyExceeds: 1s}]}}]"
        #expect(parsePolicies(PolicyParseTests.file("\(Self.probe)\n\(Self.replicas)\n\(either)"), file: "f").diagnostics.isEmpty)
        let queries = "monitor: {sources: [{name: a, prometheus: {url: \"http://x\", queries: {depth: up, gpuUtilization: up}}}]}"
        let both = "{and: [{signal: {name: depth, above: 1}}, {gpuUtilizationAbove: 50%}]}"
        let signal = "triggers: [{name: t, type: latencyThreshold, when: \(both)}]"
        #expect(parsePolicies(PolicyParseTests.file("\(queries)\n\(Self.replicas)\n\(signal)"), file: "f").diagnostics.isEmpty)
    }

    @Test("two policies on one target, or of one name, are warned of across files")
    func together() {
        let target = "target: {kubernetes: {namespace: llm, scaleTargetRef: {kind: Deployment, name: chat}}}"
        let first = parsePolicies(PolicyParseTests.file(target), file: "a.yaml")
        let second = parsePolicies(PolicyParseTests.file(target), file: "b.yaml")
        let suspended = parsePolicies(
            PolicyParseTests.file("suspend: true\n\(target)").replacing("chat-8b", with: "other"), file: "c.yaml")
        #expect(
            lintTogether([first, second, suspended]).map(\.description) == [
                "b.yaml:3:18: warning: a second policy named 'chat-8b'; the first is in a.yaml",
                "b.yaml:5:3: warning: 'chat-8b' in a.yaml has the same target: two policies would undo each other's changes",
            ])
    }
}
