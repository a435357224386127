/// The fields of sources of measurements.
enum SourceShape {
    static let monitor = FieldTable(
        "'monitor'",
        [
            Field("interval", .duration(.seconds(1)...Duration.seconds(86_400)), "time between two evaluations; 15s unless told"),
            Field(
                "staleAfter", .duration(.seconds(1)...Duration.seconds(7 * 86_400)),
                "older readings are unknown; three intervals unless told"),
            Field("sources", .list(.object(source), count: 0...20), "where measurements come from"),
        ])

    private static let source = FieldTable(
        "a source",
        [
            Field("name", .text(.name), required: true, "unique in the policy"),
            Field("probe", .object(probe), "live streaming requests of our own"),
            Field("prometheus", .object(prometheus), "a Prometheus server"),
            Field("scrape", .object(scrape), "metrics pages of an engine, read directly"),
            Field("import", .object(importFiles), "result files of other tools"),
        ], choices: [.exactlyOne("probe", "prometheus", "scrape", "import")])

    private static let probe = FieldTable(
        "'probe'",
        [
            Field("endpoint", .text(.url), required: true, "base URL of the API, such as http://chat-8b.llm/v1"),
            Field("provider", .text(.provider), required: true, "the API it speaks, such as openai, vllm, anthropic or gemini"),
            Field("model", .text(.any), required: true, "name of the model, as the API knows it"),
            Field("rate", .rate(unitRequired: true), required: true, "requests to send, such as 0.2/s"),
            Field("tokensPerHour", .integer(1...1_000_000_000), "tokens of prompts and answers that probes may cost at most in an hour"),
            Field("keyFromEnvironment", .text(.name), "environment variable that holds the API key"),
            Field("keyFromFile", .text(.any), "file that holds the API key"),
        ], choices: [.atMostOne("keyFromEnvironment", "keyFromFile")])

    private static let prometheus = FieldTable(
        "'prometheus'",
        [
            Field("url", .text(.url), required: true, "address of the server"),
            Field("preset", .text(.name), "queries for an engine, such as vllm"),
            Field("selector", .map(keys: .name, .text(.any), count: 0...50), "labels added to every query of the preset"),
            Field("queries", .map(keys: .name, .text(.promQL), count: 0...100), "PromQL of your own by signal name"),
        ] + login, choices: loginChoices)

    private static let scrape = FieldTable(
        "'scrape'",
        [
            Field("url", .text(.url), "address of the metrics page, such as http://chat-8b.llm:8000/metrics"),
            Field("urls", .list(.text(.url), count: 1...500), "addresses of the pages of several replicas"),
            Field("preset", .text(.name), required: true, "the engine, such as vllm"),
            Field("selector", .map(keys: .name, .text(.any), count: 0...50), "labels that series must bear"),
        ] + login, choices: [.exactlyOne("url", "urls")] + loginChoices)

    /// A bearer token, or with a user the password to it.
    private static let login = [
        Field("user", .text(.any), "user of a login with user and password; without one the secret is a bearer token"),
        Field("secretFromEnvironment", .text(.name), "environment variable that holds the token or the password"),
        Field("secretFromFile", .text(.any), "file that holds the token or the password"),
    ]

    private static let loginChoices: [FieldChoice] = [.atMostOne("secretFromEnvironment", "secretFromFile")]

    private static let importFiles = FieldTable(
        "'import'", [Field("paths", .list(.text(.any), count: 1...1_000), required: true, "files, or patterns such as results/*.json")])
}
