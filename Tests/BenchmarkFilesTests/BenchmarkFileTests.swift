import BenchmarkFiles
import Documents
import LoadGeneration
import Measurements
import Testing

@Suite struct BenchmarkFileTests {
    static let formats = ["json", "csv"]

    static func parse(_ text: String) -> BenchmarkParse { parseBenchmark(Array(text.utf8), file: "bench.yaml", formats: formats) }

    /// Of the documentation of the configuration, as it is printed there.
    static let example = """
        # benchmark.yaml
        providers:
          - name: openai
            models: [gpt-4-turbo-preview, gpt-3.5-turbo]
          - name: anthropic
            models: [claude-3-opus-20240229]

        workload:
          scenarios:
            - name: short_prompt_high_concurrency
              prompt: "What is the capital of France?"
              requests: 100
              concurrency: 20

            - name: long_prompt_streaming
              prompt: "Write a comprehensive guide to machine learning"
              requests: 50
              concurrency: 5
              stream: true

        execution:
          max_concurrency: 50
          warmup_requests: 5
          retry:
            max_attempts: 3
            initial_backoff_ms: 1000

        output:
          export:
            - format: json
              path: ./results/benchmark_{timestamp}.json
            - format: csv
              path: ./results/benchmark_{timestamp}.csv
        """

    @Test("the lengths that all scenarios ask for are told")
    func parameters() {
        func plan(_ scenarios: [PlannedScenario]) -> BenchmarkPlan {
            BenchmarkPlan(targets: [PlannedTarget(provider: "vllm", model: "m")], scenarios: scenarios)
        }
        var first = PlannedScenario("a", prompts: .lengths(.uniform(100...299)))
        first.outputTokens = .normal(mean: 64, deviation: 8, bounds: 1...128)
        let told = plan([first, first]).parameters
        #expect(told.inputTokens?.mean == 199.5 && told.inputTokens?.distribution == "uniform")
        #expect(abs((told.inputTokens?.standardDeviation ?? 0) - 57.73) < 0.01, "of 200 whole numbers")
        #expect(told.outputTokens == .init(mean: 64, standardDeviation: 8, distribution: "normal"))
        let mixed = plan([first, PlannedScenario("b", prompts: .text("hi"))]).parameters
        #expect(mixed == TestParameters())
    }

    @Test("the known example means two scenarios for each of three models")
    func exampleFile() throws {
        let parse = Self.parse(Self.example)
        let plan = try #require(parse.plan, "\(parse.report)")
        #expect(
            plan.targets.map { "\($0.provider)/\($0.model)" } == [
                "openai/gpt-4-turbo-preview", "openai/gpt-3.5-turbo", "anthropic/claude-3-opus-20240229",
            ])
        #expect(plan.scenarios.map(\.name) == ["short_prompt_high_concurrency", "long_prompt_streaming"])
        #expect(plan.scenarios.map(\.load) == [.closed(concurrencies: [20]), .closed(concurrencies: [5])])
        #expect(plan.scenarios.map(\.stop.requests) == [100, 50])
        #expect(plan.scenarios.allSatisfy { $0.warmUp == .requests(5) && $0.isStreamed })
        #expect(plan.execution.retry.maximumAttempts == 3)
        #expect(plan.execution.retry.base == Nanoseconds(seconds: 1))
        #expect(plan.outputs.map(\.format) == ["json", "csv"])
        #expect(plan.targets.allSatisfy { $0.key == nil && $0.endpoint == nil }, "keys and addresses are the customary ones")
    }

    @Test("a document under the benchmark configuration schema means its models under its workloads")
    func schemaDocument() throws {
        let parse = Self.parse(
            """
            {"test_suite": {"name": "nightly", "version": "1"},
             "models": [{"name": "llama", "endpoint": "http://127.0.0.1:8000/v1", "api_type": "vllm",
                         "auth": {"type": "bearer", "credentials_path": "/run/key"}}],
             "workloads": [{"name": "chat", "input_token_range": {"min": 100, "max": 500}, "output_token_target": 64,
                            "concurrency": 16, "duration_seconds": 30}]}
            """)
        let plan = try #require(parse.plan, "\(parse.report)")
        #expect(plan.targets.map(\.provider) == ["vllm"])
        #expect(plan.targets.map(\.key) == [.file("/run/key")])
        let scenario = try #require(plan.scenarios.first)
        #expect(scenario.prompts == .lengths(.uniform(100...500)))
        #expect(scenario.outputTokens == .fixed(64))
        #expect(scenario.load == .closed(concurrencies: [16]))
        #expect(scenario.stop == StopRules(time: Nanoseconds(seconds: 30)))
    }

    @Test("a sweep is a stage for each value, and each stage can be run")
    func sweep() throws {
        let parse = Self.parse(
            Self.file("prompt: hello there\n      rate_sweep: [1/s, 2/s, 0.5/s]\n      duration: 2s\n      schedule: constant"))
        let planned = try #require(parse.plan?.scenarios.first, "\(parse.report)")
        let stages = planned.stages(of: try planned.scenario())
        #expect(stages.map(\.label) == ["a, rate 1/s", "a, rate 2/s", "a, rate 0.5/s"])
        #expect(stages.map(\.load) == [1, 2, 0.5].map { .open(.constant(requestsPerSecond: $0), maximumInFlight: nil) })
        #expect(stages.allSatisfy { $0.problem == nil })
    }

    static func file(_ scenario: String, provider: String = "{name: openai, models: [m]}", more: String = "") -> String {
        "providers: [\(provider)]\nworkload:\n  scenarios:\n    - name: a\n      \(scenario)\n\(more)"
    }

    struct Mistake: CustomTestStringConvertible {
        let text: String
        let says: String
        var testDescription: String { says }
    }

    static let mistakes = [
        Mistake(text: "", says: "bench.yaml:1:1: error: the file must be a mapping, found nothing"),
        Mistake(
            text: file("prompt: hi\n      requets: 3"), says: "bench.yaml:6:7: error: unknown field 'requets'; did you mean 'requests'?"),
        Mistake(text: file("prompt: hi\n      requests: 3\n      requests: 4"), says: "the key 'requests' is given twice"),
        Mistake(
            text: file("prompt: hi\n      requests: 0"), says: "bench.yaml:6:17: error: 'requests': must be from 1 to 1000000000, found 0"),
        Mistake(text: file("prompt: hi\n      dataset: x"), says: "only one of them may be given"),
        Mistake(text: file("requests: 3"), says: "a scenario needs one of prompt, dataset, trace, input_tokens"),
        Mistake(text: file("prompt: hi\n      duration: 30"), says: "the duration '30' has no unit; write 30s or 30ms"),
        Mistake(text: file("prompt: hi\n      schedule: constant"), says: "'schedule' is of a rate or a trace"),
        Mistake(text: file("prompt: hi\n      find_knee: {start: 1/s}"), says: "'find_knee' needs an objective"),
        Mistake(
            text: file("prompt: hi\n      concurrency: 20", more: "execution: {max_concurrency: 10}"),
            says: "bench.yaml:6:20: error: a concurrency of 20 is above 'max_concurrency', which is 10"),
        Mistake(text: file("prompt: hi", provider: "{name: opnai, models: [m]}"), says: "no provider is named 'opnai'; known are openai"),
        Mistake(text: file("prompt: hi", provider: "{name: vllm, models: [m]}"), says: "the provider 'vllm' needs 'endpoint'"),
        Mistake(
            text: file("prompt: hi", provider: "{name: openai, models: [m], endpoint: 'http://user:hunter2@host/v1'}"),
            says: "must not carry a user or a password"),
        Mistake(
            text: file("prompt: hi", more: "output: {export: [{format: xlsx, path: a.xlsx}]}"),
            says: "'format': unknown value 'xlsx'; must be json, csv"),
        Mistake(text: file("input_tokens: {min: 10, max: 5}"), says: "'max' 5 is below 'min' 10"),
        Mistake(text: "{\"test_suite\": {}, \"models\": [], \"workloads\": []}", says: "'models' must have at least 1 entry, found 0"),
    ]

    @Test("a mistake is named with file, line, value and cure", arguments: mistakes)
    func mistake(mistake: Mistake) {
        let parse = Self.parse(mistake.text)
        #expect(parse.plan == nil)
        #expect(parse.report.contains(mistake.says), "\(parse.report)")
        #expect(!parse.report.contains("hunter2"))
    }

    @Test(
        "a key in a file is refused and never repeated",
        arguments: [
            "{name: openai, models: [m], api_key: sk-hunter2}", "{name: openai, models: [m], apiKey: 'sk-hunter2'}",
            "{name: openai, models: [m], token: {value: sk-hunter2}}", "{name: openai, models: [m], key_from_environment: sk-hunter2}",
            "{name: openai, models: [m, sk: 1], api_key: \"sk-hunter2\"}",
        ])
    func secrets(provider: String) {
        let parse = Self.parse(Self.file("prompt: hi", provider: provider))
        #expect(parse.plan == nil)
        #expect(parse.report.contains("bench.yaml:1:"))
        #expect(parse.report.contains("environment variable"), "\(parse.report)")
        #expect(!parse.report.contains("hunter2"), "\(parse.report)")
    }

    @Test("keys are named by variable or file")
    func keys() throws {
        let provider = "{name: openai, models: [m], key_from_environment: MY_KEY}, {name: cohere, models: [c], key_from_file: /run/k}"
        let plan = try #require(Self.parse(Self.file("prompt: hi", provider: provider)).plan)
        #expect(plan.targets.map(\.key) == [.environment("MY_KEY"), .file("/run/k")])
    }
}
