import Measurements
import Policies
import PolicyFiles
import Testing

@Suite("Tuning in a policy file") struct PolicyTuneTests {
    private static let knobs =
        "knobs: {replicas: {min: 1, max: 8}, maxNumSeqs: {values: [64, 128], at: {field: /a}}, quantization: {values: [a, b], at: {field: /b}}}"
    private static let engine = "monitor: {sources: [{name: a, prometheus: {url: \"http://x\", preset: vllm}}]}"

    private func file(_ spec: String) -> String { PolicyParseTests.file(spec) }

    @Test("is read with its defaults, and needs neither a trigger nor names of knobs")
    func read() throws {
        let knob = "knobs: {replicas: {min: 1, max: 8, plan: {profile: L7-H100}}, maxNumSeqs: {values: [64, 128], at: {field: /a}}}"
        let parse = parsePolicies(file("objective: {tpot: {mean: 50ms}}\n\(Self.engine)\n\(knob)\ntune: {}"), file: "f")
        #expect(parse.diagnostics.map(\.description) == [])
        let policy = try #require(parse.policies.first)
        #expect(policy.tune == TuneTerms() && policy.tunedKnobs.map(\.name) == ["maxNumSeqs"])
        let told = parsePolicies(
            file(
                "\(Self.engine)\n\(Self.knobs)\n"
                    + "tune: {knobs: [maxNumSeqs], objective: {ttft: 75%, tpot: 25%}, experiments: 6/d, cooldown: 20m, errorBudget: 10%}"),
            file: "f")
        var terms = TuneTerms()
        terms.knobs = ["maxNumSeqs"]
        terms.objective = .init(ttft: 0.75, tpot: 0.25)
        terms.experiments = .init(count: 6, window: .seconds(86_400))
        terms.cooldown = .seconds(1_200)
        terms.errorBudget = 0.1
        #expect(told.policies.first?.tune == terms, "\(told.diagnostics)")
    }

    @Test("is refused with its place where nothing could be tried so", arguments: refusedTunings)
    func refused(spec: String, expected: String) {
        let found = parsePolicies(file(spec), file: "f").diagnostics.map(\.description)
        #expect(found.contains("f:\(expected)"), "\(found)")
    }

    private static let refusedTunings: [(spec: String, expected: String)] = [
        ("\(knobs)\ntune: {knobs: [maxSeqs]}", "6:18: error: the policy has no knob 'maxSeqs'; it has replicas, maxNumSeqs, quantization"),
        (
            "\(knobs)\ntune: {knobs: [replicas]}",
            "6:18: error: 'replicas' cannot be tuned: a number of replicas cannot be tried on a part of them; plan it with 'plan'"
        ),
        (
            "\(knobs)\ntune: {knobs: [quantization]}",
            "6:18: error: 'quantization' cannot be tuned: latency does not tell what it does to answers"
        ),
        (
            "objective: {tpot: {mean: 50ms}}\nknobs: {replicas: {min: 1, max: 8, plan: {profile: L7-H100}}}\ntune: {knobs: [replicas]}",
            "7:18: error: 'replicas' cannot be tuned: it is planned"
        ),
        ("\(knobs)\ntune: {knobs: [maxNumSeqs, maxNumSeqs]}", "6:30: error: 'maxNumSeqs' is named twice"),
        (
            "knobs: {maxNumSeqs: {values: [64], at: {field: /a}}}\ntune: {knobs: [maxNumSeqs]}",
            "6:18: error: 'maxNumSeqs' has one value only, and nothing else could be tried"
        ),
        (
            "knobs: {replicas: {min: 1, max: 8}}\ntune: {}",
            "6:3: error: no knob can be tuned ('replicas': a number of replicas cannot be tried on a part of them; plan it with 'plan'); "
                + "add one with a few values, such as maxNumSeqs: {values: [64, 128, 256]}"
        ),
        (
            "knobs: {maxNumSeqs: {min: 1, max: 1024, at: {field: /a}}}\ntune: {}",
            "6:9: error: more than 200 values cannot be weighed at once, and maxNumSeqs has 1024: list fewer with 'values', or write a larger 'step'"
        ),
        (
            "\(knobs)\nverify: {canary: never}\ntune: {}",
            "7:3: error: what is tuned is tried on a part of the replicas, and 'verify' says 'canary: never'; write 'canary: auto', or remove 'tune'"
        ),
        (
            "\(knobs)\ntune: {objective: {ttft: 0%, tpot: 0%}}",
            "6:21: error: nothing is to become small: write a weight above 0, such as {ttft: 50%, tpot: 50%}"
        ),
        ("\(knobs)\ntune: {errorBudget: 120%}", "6:23: error: 'errorBudget': must be from 0% to 100%, found 120%"),
    ]

    @Test("is warned of where nothing will ever be tried")
    func doubtful() {
        let probe = "monitor: {sources: [{name: a, probe: {endpoint: \"http://x\", provider: openai, model: m, rate: 1/s}}]}"
        let found = parsePolicies(file("\(probe)\n\(Self.knobs)\ntune: {}"), file: "f").diagnostics.map(\.description)
        #expect(found.contains { $0.contains("warning: probes do not tell which replica has answered them") }, "\(found)")
    }
}
