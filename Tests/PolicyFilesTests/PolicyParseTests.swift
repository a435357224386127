import Measurements
import Policies
import Statistics
import TestSupport
import Testing

@testable import PolicyFiles

@Suite struct PolicyParseTests {
    /// A whole policy with some of its spec replaced.
    static func file(_ spec: String) -> String {
        """
        apiVersion: llm-devops.io/v1alpha1
        kind: OptimizationPolicy
        metadata: {name: chat-8b}
        spec:
        \(spec.split(separator: "\n", omittingEmptySubsequences: false).map { "  " + $0 }.joined(separator: "\n"))
        """
    }

    static let documented = file(
        """
        mode: recommend
        suspend: false
        target:
          kubernetes: {namespace: llm, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: chat-8b}}
        objective: {ttft: {p95: 500ms}, tpot: {p95: 50ms}, errorRate: 1%, attainment: 99%}
        monitor:
          interval: 15s
          sources:
          - {name: black-box, probe: {endpoint: "http://chat-8b.llm/v1", provider: openai, model: llama-3.1-8b, rate: 0.2/s}}
          - {name: engine, prometheus: {url: "http://prometheus:9090", preset: vllm, selector: {model_name: llama-3.1-8b}}}
          - {name: bench, import: {paths: ["results/*.json"]}}
        triggers:
        - name: slow-first-token
          type: latencyThreshold
          when:
            and:
            - p95LatencyExceeds: {metric: ttft, threshold: 500ms}
            - gpuUtilizationAbove: 90%
          window: 5m
          for: 90s
          minSamples: 30
          cooldown: 10m
        knobs:
          replicas:   {min: 1, max: 8}
          maxNumSeqs: {values: [32, 64, 128, 256], at: {containerArg: {container: vllm, flag: --max-num-seqs}}}
          batchSize:  {min: 4, max: 64, at: {env: {container: vllm, name: BATCH_SIZE}}}
        behavior: {scaleDown: {stabilizationWindow: 5m, policies: [{type: Pods, value: 1, period: 2m}]}}
        verify: {settle: 60s, window: 5m, minSamples: 100, rollbackIfWorseBy: 5%, onInconclusive: revert, canary: never}
        budgets: {reversals: 2/h, podRestarts: 10/h}
        schedule: [{cron: "0 3 * * *", timezone: Europe/Berlin}]
        learning: {holdout: 10%}
        """)

    @Test("reads every part of a whole policy, without a word of complaint")
    func whole() throws {
        let parse = parsePolicies(Self.documented, file: "chat.yaml")
        #expect(parse.diagnostics.map(\.description) == [])
        let policy = try #require(parse.policies.first)
        #expect(policy.name == "chat-8b" && policy.mode == .recommend && !policy.suspend)
        #expect(policy.target == .kubernetes(.init(namespace: "llm", apiVersion: "apps/v1", kind: "Deployment", name: "chat-8b")))
        #expect(policy.objective.latencies.map(\.limit) == [.milliseconds(500), .milliseconds(50)])
        #expect(policy.objective.errorRate == 0.01 && policy.objective.attainment == 0.99)
        #expect(policy.monitor.sources.map(\.name) == ["black-box", "engine", "bench"])
        #expect(policy.monitor.staleAfter == .seconds(45))
        let trigger = try #require(policy.triggers.first)
        #expect(trigger.holdFor == .seconds(90) && trigger.window == .seconds(300) && trigger.minSamples == 30)
        #expect(trigger.cooldown == .seconds(600) && trigger.cooldownAfterRollback == .seconds(1_800))
        #expect(policy.knobs.map(\.role) == [.replicas, .concurrency, .batchSize])
        #expect(policy.knobs[1].domain == .values([.integer(32), .integer(64), .integer(128), .integer(256)]))
        #expect(policy.knobs[1].place == .containerArgument(container: "vllm", flag: "--max-num-seqs"))
        #expect(policy.behavior.scaleDown.policies == [.init(type: .pods, value: 1, period: .seconds(120))])
        #expect(policy.behavior.scaleUp == Behavior().scaleUp)
        #expect(policy.budgets.reversals == .init(count: 2, window: .seconds(3_600)))
        #expect(policy.schedule.first?.cron.text == "0 3 * * *")
        #expect(policy.learning.holdout == 0.1 && policy.verify.rollbackIfWorseBy == 0.05 && policy.verify.canary == .never)
    }

    static func test(
        _ query: MetricQuery, _ comparison: Condition.Comparison, _ threshold: Double, _ window: Duration? = nil
    ) -> Condition.Test {
        .compare(query, comparison, threshold: threshold, window: window)
    }

    @Test(
        "reads every condition, short and long",
        arguments: [
            ("p95LatencyExceeds: 500ms", test(.latency(.timeToFirstToken, .percentile(.p95)), .above, 0.5)),
            (
                "p99LatencyExceeds: {metric: e2e, threshold: 2s, window: 1m}",
                test(.latency(.endToEnd, .percentile(.p99)), .above, 2, .seconds(60))
            ),
            ("meanLatencyExceeds: {metric: tpot, threshold: 50ms}", test(.latency(.timePerOutputToken, .mean), .above, 0.05)),
            (
                "latencyExceeds: {metric: itl, percentile: p99.9, threshold: 1s}",
                test(.latency(.interTokenLatency, .percentile(.p999)), .above, 1)
            ),
            ("throughputBelow: 600/m", test(.throughput, .below, 10)), ("tokensPerSecondBelow: 500", test(.tokensPerSecond, .below, 500)),
            ("tokensPerSecondBelow: {threshold: 500/s, window: 2m}", test(.tokensPerSecond, .below, 500, .seconds(120))),
            ("gpuUtilizationAbove: 90%", test(.utilization(.gpu), .above, 0.9)),
            ("gpuUtilizationBelow: 0.3", test(.utilization(.gpu), .below, 0.3)),
            ("memoryUtilizationAbove: 95%", test(.utilization(.memory), .above, 0.95)),
            ("kvCacheUtilizationAbove: 90%", test(.utilization(.keyValueCache), .above, 0.9)),
            ("queueDepthAbove: 10", test(.queueDepth, .above, 10)),
            ("errorRateAbove: 0.5%", test(.errorRate, .above, 0.005)), ("consecutiveFailures: 3", test(.consecutiveFailures, .atLeast, 3)),
            ("slaViolationCount: {max: 5, window: 5m}", test(.objectiveViolations, .above, 5, .seconds(300))),
            ("costPerThousandTokensAbove: 0.002", test(.costPerThousandTokens, .above, 0.002)),
            (
                "burnRateAbove: {short: 5m, long: 1h, factor: 14.4}",
                .burnRate(short: .seconds(300), long: .seconds(3_600), factor: 14.4)
            ),
            ("anomaly: {metric: e2e}", test(.anomaly(.endToEnd), .above, 3)),
            ("anomaly: {metric: throughput, deviations: 4}", test(.anomaly(.throughput), .below, -4)),
            ("signal: {name: queue, below: -1.5}", test(.signal("queue"), .below, -1.5)),
        ])
    func conditions(text: String, expected: Condition.Test) throws {
        let parse = parsePolicies(
            Self.file("triggers:\n- {name: t, type: latencyThreshold, when: {not: {or: [{and: [{\(text)}]}]}}}"), file: "f.yaml")
        #expect(parse.isValid, "\(parse.report)")
        guard case .not(.or(let or)) = try #require(parse.policies.first?.triggers.first?.condition), case .and(let and) = or.first,
            case .leaf(let leaf) = and.first
        else {
            Issue.record("not the tree that was written: \(parse.policies)")
            return
        }
        #expect(leaf.test == expected)
        #expect(leaf.line == 6 && text.hasPrefix(leaf.name))
    }

    @Test("reads cooldowns of two lengths, HPA's own field names, defaults of knobs, costs and simulators")
    func variants() throws {
        let parse = parsePolicies(
            Self.file(
                """
                target: {simulator: {profile: h100-8b, seed: 7}}
                cost: {perReplicaHour: 2.5, currency: EUR}
                behavior:
                  scaleDown: {stabilizationWindowSeconds: 600, selectPolicy: Min, policies: [{type: Percent, value: 10, periodSeconds: 60}]}
                triggers:
                - name: nightly
                  type: scheduled
                  cron: "@daily"
                  timezone: Europe/Berlin
                  cooldown: {after: 1h, afterRollback: 1d}
                knobs:
                  dtype: {values: [fp16, fp8, 4, 0.5, true, "no"], default: fp16, role: quantization, at: {configMap: {name: engine, key: dtype}}}
                  gpus: {min: 1, max: 9, step: 2, default: 3, role: tensorParallel, at: {resource: {container: vllm, name: nvidia.com/gpu}}}
                  grace: {values: [30], at: {field: /spec/template/spec/terminationGracePeriodSeconds}}
                """), file: "f.yaml")
        #expect(parse.diagnostics.allSatisfy { $0.severity == .warning }, "\(parse.report)")
        let policy = try #require(parse.policies.first)
        #expect(policy.target == .simulator(.init(profile: "h100-8b", seed: 7)))
        #expect(policy.cost == .init(perReplicaHour: 2.5, currency: "EUR"))
        #expect(policy.behavior.scaleDown.stabilizationWindow == .seconds(600))
        #expect(policy.behavior.scaleDown.selectPolicy == .min)
        #expect(policy.behavior.scaleDown.policies == [.init(type: .percent, value: 10, period: .seconds(60))])
        let trigger = try #require(policy.triggers.first)
        #expect(trigger.condition == .and([]) && trigger.schedule?.timezone == "Europe/Berlin")
        #expect(trigger.cooldown == .seconds(3_600) && trigger.cooldownAfterRollback == .seconds(86_400))
        #expect(policy.knobs[0].domain == .values([.text("fp16"), .text("fp8"), .integer(4), .number(0.5), .flag(true), .text("no")]))
        #expect(policy.knobs[0].assumed == .text("fp16") && policy.knobs[0].role == .quantization)
        #expect(policy.knobs[1].domain == .range(min: 1, max: 9, step: 2))
        #expect(policy.knobs[2].place == .field(pointer: "/spec/template/spec/terminationGracePeriodSeconds"))
    }

    @Test("reads several policies from one file, and names the document an error is in")
    func several() {
        let two = Self.documented + "\n---\n" + Self.documented.replacing("chat-8b", with: "code-7b")
        #expect(parsePolicies(two, file: "f.yaml").policies.map(\.name) == ["chat-8b", "code-7b"])
        let same = parsePolicies(Self.documented + "\n---\n" + Self.documented, file: "f.yaml")
        #expect(same.policies.isEmpty)
        #expect(same.diagnostics.map(\.message) == ["a second policy named 'chat-8b'; the first is in line 1"])
    }

    @Test("reports all errors of a file at once, each with its place, its line and a cure")
    func broken() throws {
        let text = try RepositoryFiles.text("Tests/PolicyFilesTests/Files/broken.yaml")
        let parse = parsePolicies(text, file: "policies/broken.yaml")
        #expect(parse.policies.isEmpty && !parse.isValid)
        try expectGolden(parse.report + "\n", "broken.txt")
    }

    @Test(
        "refuses quantities without a unit or with a wrong one, and says how to write them",
        arguments: [
            ("monitor: {interval: 15}", "'interval': the duration '15' has no unit; write 15s or 15ms"),
            ("monitor: {interval: 15sec}", "'interval': unknown unit 'sec' in the duration '15sec'; use ns, us, ms, s, m, h or d"),
            ("monitor: {interval: 1:30}", "'interval': expected a duration such as 5m, 500ms or 1h30m, found '1:30'"),
            ("monitor: {interval: 30s1m}", "'interval': the units of '30s1m' must go from large to small, each once, as in 1h30m"),
            ("monitor: {interval: 10ms}", "'interval': must be from 1s to 1d, found 10ms"),
            ("monitor: {interval: -5s}", "'interval': expected a duration such as 5m, 500ms or 1h30m, found '-5s'"),
            ("objective: {errorRate: 5}", "'errorRate': '5' could mean percent or parts of one; write 5% or 0.05"),
            ("objective: {errorRate: 1}", "'errorRate': '1' could mean percent or parts of one; write 1% or 1.0"),
            ("objective: {errorRate: 150%}", "'errorRate': must be from 0% to 100%, found 150%"),
            ("objective: {errorRate: .nan}", "'errorRate': expected a ratio such as 5% or 0.05, found '.nan'"),
            ("objective: {throughput: 10}", "'throughput': a rate needs a unit, as in 10/s; found '10'"),
            ("objective: {throughput: 10/w}", "'throughput': unknown unit '/w' of the rate '10/w'; use /s, /m, /h or /d"),
            ("objective: {throughput: 0/s}", "'throughput': must be above zero and at most 1e9/s, found 0/s"),
            ("objective: {ttft: {p100: 1s}}", "key of 'ttft': expected mean or a percentile from p1 to p99.99, found 'p100'"),
            ("budgets: {reversals: two/h}", "'reversals': expected a budget such as 2/h or 3/30m, found 'two/h'"),
            ("suspend: yes", "'suspend': must be true or false, found 'yes'"),
            ("cost: {perReplicaHour: inf}", "'perReplicaHour': must be a number, found 'inf'"),
            ("cost: {perReplicaHour: 0x10}", "'perReplicaHour': must be a number, found '0x10'"),
            ("cost: {perReplicaHour: -1}", "'perReplicaHour': must be at least 0, found -1"),
            ("cost: {perReplicaHour: ~}", "'perReplicaHour' has no value; it must be a number"),
            ("triggers: {name: x}", "'triggers' must be a list, found a mapping"), ("knobs: []", "'knobs' must be a mapping, found a list"),
            (
                "monitor: {sources: [{name: a, probe: {endpoint: \"http://me:pw@x/\", provider: o, model: m, rate: 1/s}}]}",
                "'endpoint': a URL in a policy must not carry a user or a password"
            ),
            (
                "monitor: {sources: [{name: a, probe: {endpoint: \"http://x/v1?key=1\", provider: o, model: m, rate: 1/s}}]}",
                "'endpoint': a URL in a policy must not carry a query, where keys end up; name the key with keyFromEnvironment"
            ),
            (
                "monitor: {sources: [{name: a, probe: {endpoint: \"http://x\", provider: o, model: 7, rate: 1/s}}]}",
                "'model': 7 without quotes is a number in YAML; write \"7\""
            ),
            (
                "monitor: {sources: [{name: a, probe: {endpoint: \"http://x\", provider: opnai, model: m, rate: 1/s}}]}",
                "'provider': no provider is named 'opnai'; known are " + Policy.Source.Probe.providers.joined(separator: ", ")
            ),
            (
                "monitor: {sources: [{name: a, probe: {endpoint: \"http://x\", provider: custom, model: m, rate: 1/s}}]}",
                "'provider': a probe cannot speak an interface that a file describes, only 'probe' and 'benchmark' of the command line can; "
                    + "known are " + Policy.Source.Probe.providers.joined(separator: ", ")
            ),
            ("target: {kubernetes: {}, simulator: {}}", "'target' has 'kubernetes' and 'simulator'; only one of them may be given"),
            ("target: nothing", "'target': unknown value 'nothing'; must be none"),
            (
                "knobs: {a: {min: 1, max: 9, at: {env: {container: c, name: A}}}, b: {min: 1, max: 9, at: {env: {container: c, name: A}}}}",
                "the knobs 'a' and 'b' are the same setting of the target"
            ),
            ("knobs: {replicas: {min: 1}}", "the knob 'replicas' has 'min' but no 'max'; everything that is adjusted needs both bounds"),
            ("knobs: {replicas: {values: [1, 2.5]}}", "'replicas' takes whole numbers from 0, found '2.5'"),
            (
                "knobs: {a: {values: [1, 2], default: 3, at: {field: /a}}}", "the default 3 is not one of the values of 'a': 1, 2"
            ),
            (
                "triggers: [{name: a, type: slaViolation, when: {burnRateAbove: {short: 1h, long: 5m, factor: 2}}}]",
                "'short' 1h must be shorter than 'long' 5m"
            ),
            (
                "triggers: [{name: a, type: slaViolation}]", "a trigger of type slaViolation needs 'when', the condition that makes it fire"
            ),
            (
                "triggers: [{name: a, type: scheduled}]", "a trigger of type scheduled needs 'cron', such as \"0 3 * * *\""
            ),
            (
                "triggers: [{name: a, type: slaViolation, when: {signal: {name: a, above: 1, below: 2}}}]",
                "'signal' has 'above' and 'below'; only one of them may be given"
            ),
        ])
    func refusals(spec: String, message: String) {
        let parse = parsePolicies(Self.file(spec), file: "f.yaml")
        #expect(parse.policies.isEmpty)
        #expect(parse.diagnostics.map(\.message).contains(message), "\(parse.diagnostics.map(\.message))")
    }

    @Test("points at the very column inside a cron expression")
    func cronColumn() throws {
        let text = Self.file("schedule:\n- cron: \"0 3,25 * * *\"")
        let error = try #require(parsePolicies(text, file: "f.yaml").diagnostics.first)
        #expect(error.description == "f.yaml:6:16: error: 'cron': the hour must be from 0 to 23, found '25'")
    }

    @Test(
        "an empty file, a list, a wrong kind, broken YAML and a key given twice are errors with a place",
        arguments: [
            ("", "f.yaml:1:1: error: the file has no policy; it must have a mapping with apiVersion, kind, metadata and spec"),
            ("# nothing\n", "f.yaml:1:1: error: the file has no policy; it must have a mapping with apiVersion, kind, metadata and spec"),
            ("- a\n- b", "f.yaml:1:1: error: a policy must be a mapping, found a list"),
            ("a: [1", "f.yaml:2:1: error: "),
            ("spec: {}\nkind: a\nspec: {}\n", "f.yaml:3:1: error: the key 'spec' is given twice; the first is in line 1"),
            ("apiVersion: v1\nkind: Pod\n", "f.yaml:1:13: error: 'apiVersion': unknown value 'v1'; must be llm-devops.io/v1alpha1"),
        ])
    func notAPolicy(text: String, message: String) {
        let parse = parsePolicies(text, file: "f.yaml")
        #expect(parse.policies.isEmpty)
        #expect(parse.diagnostics.contains { $0.description.hasPrefix(message) }, "\(parse.diagnostics)")
    }

    @Test("stops listing errors at 100 and says how many more there are")
    func manyErrors() {
        let knobs = (0..<140).map { "f\($0): 1" }.joined(separator: ", ")
        let parse = parsePolicies(Self.file("budgets: {\(knobs)}"), file: "f.yaml")
        #expect(parse.diagnostics.count == 101)
        #expect(parse.diagnostics.last?.message == "and 40 more; these are shown once the ones above are mended")
    }

    @Test(
        "guesses what was meant only when it is close",
        arguments: [("cool_down", "cooldown"), ("intervall", "interval"), ("thirggers", "triggers"), ("knob", "knobs"), ("xyz", nil)])
    func suggestions(word: String, expected: String?) {
        let known = ["cooldown: 5m", "interval: 5s", "triggers: []", "knobs: {}"].map { String($0.prefix { $0 != ":" }) }
        #expect(Suggestion.closest(to: word, among: known) == expected)
    }

    @Test("a password in a policy is refused and shown to nobody")
    func password() {
        let text = "spec: {monitor: {sources: [{name: a, prometheus: {url: \"http://me:hunter2@prometheus:9090\"}}]}}"
        let report = parsePolicies(text, file: "f.yaml").report
        #expect(report.contains("must not carry a user or a password"))
        #expect(!report.contains("hunter2") && report.contains("http://••••••••••@prometheus"))
    }

    @Test("metrics pages are read directly, of one replica or several, with a login whose secret stands elsewhere")
    func scrape() throws {
        let text = Self.file(
            """
            monitor:
              sources:
              - {name: one, scrape: {url: "http://a:8000/metrics", preset: vllm}}
              - name: all
                scrape: {urls: ["http://a/metrics", "http://b/metrics"], preset: sglang, selector: {model_name: m}, secretFromFile: /run/token}
              - {name: server, prometheus: {url: "http://p:9090", preset: vllm, user: reader, secretFromEnvironment: PASSWORD}}
            """)
        let sources = try #require(parsePolicies(text, file: "f.yaml").policies.first?.monitor.sources)
        var all = Policy.Source.Scrape(urls: ["http://a/metrics", "http://b/metrics"], preset: "sglang", selector: ["model_name": "m"])
        all.login = .init(place: .file("/run/token"))
        var server = Policy.Source.Prometheus(url: "http://p:9090", preset: "vllm")
        server.login = .init(user: "reader", place: .environment("PASSWORD"))
        #expect(
            sources.map(\.kind) == [.scrape(.init(urls: ["http://a:8000/metrics"], preset: "vllm")), .scrape(all), .prometheus(server)])
        #expect(sources[0].canDeliver(.queueDepth) && !sources[0].canDeliver(.signal("x")))
    }

    @Test(
        "a source without a page, with two ways to a secret, or with a user alone is refused",
        arguments: [
            ("scrape: {preset: vllm}", "url"), ("scrape: {url: \"http://a\", urls: [\"http://b\"], preset: vllm}", "urls"),
            ("scrape: {url: \"http://a\"}", "preset"),
            ("scrape: {url: \"http://a\", preset: vllm, secretFromFile: f, secretFromEnvironment: E}", "secretFrom"),
            ("prometheus: {url: \"http://a\", preset: vllm, user: me}", "'user' without a secret"),
        ])
    func badScrape(source: String, words: String) {
        let result = parsePolicies(Self.file("monitor: {sources: [{name: a, \(source)}]}"), file: "f.yaml")
        #expect(result.report.contains("error") && result.report.contains(words), "\(result.report)")
    }
}
