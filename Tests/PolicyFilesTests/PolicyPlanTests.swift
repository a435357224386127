import Policies
import PolicyFiles
import Testing

@Suite("A plan in a policy file") struct PolicyPlanTests {
    private static let objective = "objective: {ttft: {p95: 2s}, tpot: {mean: 50ms}}"
    private static let engine = "monitor: {sources: [{name: a, prometheus: {url: \"http://x\", preset: vllm}}]}"

    private func file(_ spec: String) -> String { PolicyParseTests.file(spec) }

    @Test("is read with its defaults, and needs no trigger")
    func read() throws {
        let parse = parsePolicies(
            file("\(Self.objective)\n\(Self.engine)\nknobs: {replicas: {min: 1, max: 24, plan: {profile: L70-H100x4}}}"), file: "f")
        #expect(parse.diagnostics.map(\.description) == [])
        let knob = try #require(parse.policies.first?.plannedKnob)
        #expect(knob.plan == ReplicaPlanTerms(profile: "L70-H100x4", startup: .seconds(150), maxNumSeqs: 256, maxNumBatchedTokens: 2_048))
        let told = parsePolicies(
            file(
                "\(Self.objective)\n\(Self.engine)\n"
                    + "knobs: {replicas: {min: 1, max: 24, plan: {profile: L7-H100, startup: 45s, maxNumSeqs: 64, maxNumBatchedTokens: 4096}}}"
            ),
            file: "f")
        #expect(
            told.policies.first?.plannedKnob?.plan
                == ReplicaPlanTerms(profile: "L7-H100", startup: .seconds(45), maxNumSeqs: 64, maxNumBatchedTokens: 4_096))
    }

    @Test("is refused with its place where it cannot be one", arguments: refusedPlans)
    func refused(spec: String, expected: String) {
        let found = parsePolicies(file(spec), file: "f").diagnostics.map(\.description)
        #expect(found.contains("f:\(expected)"), "\(found)")
    }

    private static let refusedPlans: [(spec: String, expected: String)] = [
        (
            "\(objective)\nknobs: {replicas: {min: 1, max: 8, plan: {profile: L70-H100}}}",
            "6:54: error: 'profile': no engine profile is named 'L70-H100'; known are L7-H100 (Llama-2-7B on 1xH100 SXM), "
                + "L70-H100x4 (Llama-2-70B on 4xH100 SXM (TP4)), CL34-H100x2 (CodeLlama-34B on 2xH100 SXM (TP2)), "
                + "L8-A100 (Llama-3-8B on 1xA100-80GB)"
        ),
        (
            "objective: {ttft: {p95: 2s}}\nknobs: {replicas: {min: 1, max: 8, plan: {profile: L7-H100}}}",
            "6:38: error: a plan must know how far apart tokens may be: add tpot to the objective, such as objective: {tpot: {mean: 50ms}}"
        ),
        (
            "\(objective)\nknobs: {maxNumSeqs: {min: 1, max: 8, at: {field: /a}, plan: {profile: L7-H100}}}",
            "6:57: error: only the number of replicas can be planned, and 'maxNumSeqs' is of role concurrency; remove 'plan'"
        ),
        (
            "\(objective)\nknobs: {replicas: {min: 1, max: 9, step: 2, plan: {profile: L7-H100}}}",
            "6:44: error: a plan takes any number from 'min' through 'max'; remove 'step' 2"
        ),
        (
            "\(objective)\nknobs: {replicas: {values: [1, 2, 4], plan: {profile: L7-H100}}}",
            "6:30: error: a plan takes any number within bounds; write 'min' and 'max' for 'values'"
        ),
        (
            "\(objective)\nknobs: {replicas: {min: 1, max: 8, plan: {startup: 2m}}}",
            "6:44: error: 'plan' needs 'profile': the engine with its model on its devices, which tells what one replica serves in time"
        ),
        (
            "\(objective)\nknobs: {replicas: {min: 1, max: 8, plan: {profile: L7-H100, startup: 2h}}}",
            "6:72: error: 'startup': must be from 1s to 1h, found 2h"
        ),
        (
            "\(objective)\nknobs: {replicas: {min: 1, max: 8, plan: {profile: L7-H100, maxNumSeqs: 4096}}}",
            "6:38: error: no L7-H100 starts with these settings: tokens of an iteration are 2048 and must be in 4096...65536, one a sequence at least"
        ),
        (
            "\(objective)\nknobs: {replicas: {min: 1, max: 8, plan: {profile: L7-H100}}, "
                + "pods: {min: 1, max: 8, role: replicas, at: {field: /a}, plan: {profile: L7-H100}}}",
            "6:121: error: a second plan: 'replicas' is planned already, and a deployment has one number of replicas"
        ),
    ]

    @Test("is warned of where it will hardly ever be one", arguments: doubtfulPlans)
    func doubtful(spec: String, expected: String) {
        let found = parsePolicies(file(spec), file: "f").diagnostics.map(\.description)
        #expect(found.contains("f:\(expected)"), "\(found)")
    }

    private static let planned = "knobs: {replicas: {min: 1, max: 8, plan: {profile: L7-H100}}}"

    private static let doubtfulPlans: [(spec: String, expected: String)] = [
        (
            "\(objective)\n\(planned)",
            "6:38: warning: no source tells how many requests come, so there is no plan and what runs stays: "
                + "add a source prometheus or scrape with the preset vllm"
        ),
        (
            "\(objective)\n\(engine.replacing("{sources", with: "{interval: 5m, sources"))\n\(planned)",
            "6:13: warning: a plan looks every 15s to 1m; every 5m it sees demand too late"
        ),
        (
            "\(objective)\n\(engine)\n\(planned)\nbudgets: {reversals: 2/h}",
            "8:13: warning: a plan changes replicas several times an hour, and 'reversals' counts these changes too: limit them by 'behavior' instead"
        ),
    ]
}
