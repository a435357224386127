internal import PolicyFiles

/// The fields of a load test's file, in the names of its examples.
enum BenchmarkShape {
    static func file(formats: [String]) -> FieldTable {
        FieldTable(
            "the file",
            [
                Field("providers", .list(.object(provider), count: 1...50), required: true, "what is asked"),
                Field("workload", .object(workload), required: true, "the scenarios"),
                Field("execution", .object(execution), "how they are run"),
                Field("output", .object(output(formats)), "where the results go"),
                Field("hardware", .object(hardware), "what the models run on, for the results"),
                Field("prices", .text(.any), "a file of prices that go before the bundled ones"),
            ])
    }

    private static let tokens = 1...2_000_000

    private static let provider = FieldTable(
        "a provider",
        [
            Field("name", .text(.name), required: true, "the provider, such as openai; any name where 'provider' says which it is"),
            Field("provider", .text(.name), "the provider, where the name is one of your own"),
            Field("models", .list(.text(.any), count: 1...50), required: true, "names of models, as the provider knows them"),
            Field("endpoint", .text(.url), "base URL of the API, such as http://chat-8b.llm/v1"),
            Field("key_from_environment", .text(.any), "environment variable that holds the API key"),
            Field("key_from_file", .text(.any), "file that holds the API key"),
            Field("api_version", .text(.any), "Azure's"),
            Field("thinking_tokens", .integer(tokens), "how long Anthropic's models may think"),
            Field("description", .text(.any), "the file that describes an interface of your own; for provider custom"),
            Field("limits", .object(limits), "what the provider allows"),
        ], choices: [.atMostOne("key_from_environment", "key_from_file")])

    private static let limits = FieldTable(
        "'limits'",
        [
            Field("requests_per_minute", .number(0.001...1e9), "requests"), Field("tokens_per_minute", .number(0.001...1e12), "tokens"),
            Field("burst", .duration(.milliseconds(1)...Duration.seconds(3_600)), "how much of it may be used at once; 1s unless told"),
        ])

    private static let workload = FieldTable(
        "'workload'", [Field("scenarios", .list(.object(scenario), count: 1...100), required: true, "each is run by itself")])

    private static let scenario = FieldTable(
        "a scenario",
        [
            Field("name", .text(.name), required: true, "unique in the file"),
            Field("prompt", .text(.any), "what is asked"), Field("dataset", .text(.any), "a file of prompts: JSON lines or plain lines"),
            Field("trace", .text(.any), "a recorded workload: times and lengths"),
            Field("input_tokens", .either(.integer(tokens), lengths), "lengths of prompts that are made up"),
            Field("output_tokens", .either(.integer(tokens), lengths), "tokens asked for at most; 256 unless told"),
            Field("system_prompt", .text(.any), "sent before the first message"),
            Field("session", .object(session), "requests that follow each other's answers"),
            Field("shared_prefix", .object(sharedPrefix), "a beginning that prompts have in common"),
            Field("stream", .flag, "whether answers come piece by piece; true unless told"),
            Field("temperature", .number(0...10), "0 to 10"), Field("top_p", .number(0...1), "0 to 1"),
            Field("ignore_end_of_sequence", .flag, "go on until all tokens are there, for engines that know ignore_eos"),
            Field("requests", .integer(1...1_000_000_000), "requests of each stage"),
            Field("duration", .duration(.milliseconds(10)...Duration.seconds(30 * 86_400)), "length of each stage"),
            Field("precision", .ratio(0.0001...1), "ends a stage once the interval of the mean first token is that narrow"),
            Field("concurrency", .integer(1...100_000), "requests under way; with a rate their limit"),
            Field("concurrency_sweep", .list(.integer(1...100_000), count: 1...100), "a stage for each"),
            Field("rate", .rate(unitRequired: false), "requests a second, whether or not earlier ones were answered"),
            Field("rate_sweep", .list(.rate(unitRequired: false), count: 1...100), "a stage for each"),
            Field("ramp", .object(ramp), "a rate that grows"), Field("find_knee", .object(knee), "searches the highest good rate"),
            Field("speed", .number(0.001...1_000), "how much faster a trace is replayed"),
            Field("schedule", .choice(["constant", "poisson", "gamma"]), "how evenly requests come; poisson unless told"),
            Field("gamma_shape", .number(0.01...1e6), "below 1 in bursts, 1 is Poisson"),
            Field("warmup", .duration(.zero...Duration.seconds(86_400)), "beginning of each stage that does not count"),
        ],
        choices: [
            .exactlyOne("prompt", "dataset", "trace", "input_tokens"), .atMostOne("concurrency", "concurrency_sweep"),
            .atMostOne("rate", "rate_sweep", "ramp", "find_knee", "speed"), .atMostOne("concurrency_sweep", "rate"),
            .atMostOne("concurrency_sweep", "rate_sweep"),
        ])

    private static let lengths = FieldTable(
        "a length",
        [
            Field("mean", .number(1...2_000_000), "of a normal distribution"), Field("deviation", .number(0...2_000_000), "its deviation"),
            Field("min", .integer(tokens), "the shortest"), Field("max", .integer(tokens), "the longest"),
        ])

    private static let session = FieldTable(
        "'session'",
        [
            Field("turns", .either(.integer(1...10_000), lengths), required: true, "requests of a session"),
            Field("think", .duration(.zero...Duration.seconds(86_400)), "between an answer and the next turn"),
        ])

    private static let sharedPrefix = FieldTable(
        "'shared_prefix'",
        [
            Field("tokens", .integer(tokens), required: true, "its length"),
            Field("groups", .integer(1...1_000_000), "how many different ones there are; 1 unless told"),
        ])

    private static let ramp = FieldTable(
        "'ramp'",
        [
            Field("from", .rate(unitRequired: false), required: true, "requests a second at the beginning"),
            Field("to", .rate(unitRequired: false), required: true, "requests a second at the end"),
            Field("over", .duration(.milliseconds(10)...Duration.seconds(30 * 86_400)), required: true, "how long it takes"),
        ])

    private static let knee = FieldTable(
        "'find_knee'",
        [
            Field("start", .rate(unitRequired: false), "the first rate tried; 1/s unless told"),
            Field("max", .rate(unitRequired: false), "the highest rate tried"),
            Field("attainment", .ratio(0.01...0.9999), "share of requests that must be good; 95% unless told"),
            Field("precision", .ratio(0.001...1), "how closely the rate is found; 5% unless told"),
        ])

    private static let execution = FieldTable(
        "'execution'",
        [
            Field("max_concurrency", .integer(1...100_000), "the most requests under way"),
            Field("warmup_requests", .integer(0...1_000_000), "first requests of each stage that do not count"),
            Field("retry", .object(retry), "failed requests that are tried again"),
            Field("timeout", .duration(.milliseconds(1)...Duration.seconds(86_400)), "of each request; 60s unless told"),
            Field("seed", .integer(0...Int.max), "of everything random"), Field("breaker", .object(breaker), "when to stop asking"),
            Field("budget", .object(budget), "what a target may use up"),
            Field("calibrate", .flag, "measure the client's own error before"),
            Field("discard_startup", .flag, "leave the start-up out of the figures"),
            Field("objective", .object(objective), "what a request must meet to count as good"),
        ])

    private static let retry = FieldTable(
        "'retry'",
        [
            Field("max_attempts", .integer(1...100), "the first included"),
            Field("initial_backoff_ms", .number(0...3_600_000), "longest wait after the first failure; doubles with each"),
            Field("max_backoff_ms", .number(0...86_400_000), "longest wait of all"),
        ])

    private static let breaker = FieldTable(
        "'breaker'",
        [
            Field("failures", .integer(1...1_000_000), "failures in a row that open it; 20 unless told"),
            Field("rest", .duration(.milliseconds(1)...Duration.seconds(86_400)), "how long it stays open; 5s unless told"),
        ])

    private static let budget = FieldTable(
        "'budget'",
        [
            Field("requests", .integer(1...1_000_000_000), "requests, failed attempts included"),
            Field("tokens", .integer(1...1_000_000_000_000), "input and output together"),
            Field("money", .number(0.000001...1e9), "in the currency of the prices"),
        ])

    private static let latency = Shape.duration(.microseconds(1)...Duration.seconds(86_400))

    private static let objective = FieldTable(
        "'objective'",
        [
            Field("ttft", latency, "the first token at the latest"), Field("tpot", latency, "time per output token"),
            Field("itl", latency, "mean gap between tokens"), Field("e2e", latency, "the whole answer"),
            Field("attainment", .ratio(0...1), "share of requests that must meet it all"),
        ])

    private static func output(_ formats: [String]) -> FieldTable {
        let export = FieldTable(
            "an export",
            [
                Field("format", .choice(formats), "told by the path's extension unless given"),
                Field("path", .text(.any), required: true, "may hold {timestamp}, {provider} and {model}"),
            ])
        return FieldTable("'output'", [Field("export", .list(.object(export), count: 0...50), "files")])
    }

    private static let hardware = FieldTable(
        "'hardware'",
        [
            Field("gpu_type", .text(.any), "such as H100"), Field("gpu_count", .integer(1...1_000_000), "of all replicas"),
            Field("cpu_cores", .integer(1...1_000_000), "processors"), Field("memory_gb", .number(0.001...1e9), "memory"),
            Field("batch_size", .integer(1...1_000_000), "of the engine"),
        ])
}
