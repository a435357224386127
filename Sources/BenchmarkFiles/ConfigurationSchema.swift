internal import Documents
internal import LoadGeneration
internal import Measurements
internal import PolicyFiles

/// The fields of a document under the benchmark configuration schema. Beyond it a model may have the `description` of an interface of its
/// own, which `api_type: custom` cannot do without.
enum ConfigurationSchema {
    static let document = FieldTable(
        "the document",
        [
            Field("test_suite", .object(suite), required: true, "what the test is called"),
            Field("models", .list(.object(model), count: 1...50), required: true, "what is asked"),
            Field("workloads", .list(.object(workload), count: 1...100), required: true, "each is run by itself"),
        ])

    private static let suite = FieldTable(
        "'test_suite'",
        [
            Field("name", .text(.any), "its name"), Field("description", .text(.any), "for people"),
            Field("version", .text(.any), "its version"),
        ])

    private static let model = FieldTable(
        "a model",
        [
            Field("name", .text(.any), required: true, "as the API knows it"),
            Field("endpoint", .text(.url), required: true, "base URL of the API"),
            Field("api_type", .choice(["openai", "vllm", "tgi", "custom"]), "openai unless told"),
            Field("description", .text(.any), "the file that describes an interface of your own"),
            Field("auth", .object(auth), "where the key is"),
        ])

    private static let auth = FieldTable(
        "'auth'",
        [
            Field("type", .choice(["bearer", "api_key", "none"]), "how the key is sent: as the API's interface wants it"),
            Field("credentials_path", .text(.any), "file that holds the key"),
        ])

    private static let workload = FieldTable(
        "a workload",
        [
            Field("name", .text(.any), "unique in the document"), Field("input_dataset", .text(.any), "a file of prompts"),
            Field("input_token_range", .object(range), "lengths of prompts that are made up"),
            Field("output_token_target", .integer(1...2_000_000), "tokens asked for at most; 256 unless told"),
            Field("concurrency", .integer(1...100_000), "requests under way; 1 unless told"),
            Field("duration_seconds", .integer(1...2_592_000), "length; 100 requests unless told"),
        ], choices: [.exactlyOne("input_dataset", "input_token_range")])

    private static let range = FieldTable(
        "'input_token_range'",
        [
            Field("min", .integer(1...2_000_000), required: true, "the shortest"),
            Field("max", .integer(1...2_000_000), required: true, "the longest"),
        ])
}

extension BenchmarkBuilder {
    mutating func planOfSchema() -> BenchmarkPlan {
        let targets = (root.list("models") ?? []).compactMap(\.object).map { model in
            let provider = model.text("api_type") ?? "openai"
            checkProvider(
                provider, model.place(of: "api_type"), endpoint: model.text("endpoint"), description: model.text("description"), in: model)
            var target = PlannedTarget(provider: provider, model: model.text("name") ?? "", endpoint: model.text("endpoint"))
            target.descriptionFile = model.text("description")
            target.key = key(of: model)
            return target
        }
        var names: Set<String> = []
        let scenarios = (root.list("workloads") ?? []).compactMap(\.object).enumerated().map { index, object in
            let scenario = workload(object, number: index + 1)
            if !names.insert(scenario.name).inserted {
                log.error(object.place(of: "name"), "a second workload named '\(scenario.name)'; give each a name of its own")
            }
            return scenario
        }
        return BenchmarkPlan(targets: targets, scenarios: scenarios)
    }

    private mutating func key(of model: ParsedObject) -> SecretPlace? {
        guard let auth = model.object("auth") else { return nil }
        let path = auth.text("credentials_path")
        switch auth.text("type") {
        case "none":
            if path != nil { log.error(auth.place(of: "credentials_path"), "'credentials_path' with 'type: none': leave one of them out") }
            return nil
        case let type:
            if path == nil, type != nil { log.error(auth.place, "'auth' needs 'credentials_path': the file that holds the key") }
            return path.map { .file($0) }
        }
    }

    private mutating func workload(_ object: ParsedObject, number: Int) -> PlannedScenario {
        let prompts: PlannedScenario.Prompts
        if let path = object.text("input_dataset") {
            prompts = .dataset(path: path)
        } else {
            let range = object.object("input_token_range")
            let (low, high) = (range?.integer("min") ?? 1, range?.integer("max") ?? 1)
            if low > high { log.error(range?.place(of: "max") ?? object.place, "'max' \(high) is below 'min' \(low)") }
            prompts = .lengths(.uniform(low...max(low, high)))
        }
        var scenario = PlannedScenario(object.text("name") ?? "workload-\(number)", prompts: prompts)
        if let tokens = object.integer("output_token_target") { scenario.outputTokens = .fixed(tokens) }
        scenario.load = .closed(concurrencies: [object.integer("concurrency") ?? 1])
        if let seconds = object.integer("duration_seconds") { scenario.stop = StopRules(time: Nanoseconds(seconds: Double(seconds))) }
        return scenario
    }
}
