import ArgumentParser
import BenchmarkFiles
import Documents
import Probing

/// Who is asked.
struct TargetOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The interface: \(ProviderRegistry.names.joined(separator: ", ")).", valueName: "name"))
    var provider: String?

    @Option(help: ArgumentHelp("The model, as the provider knows it; may be given several times.", valueName: "name"))
    var model: [String] = []

    @Option(help: ArgumentHelp("Base URL of the API; the provider's own unless told.", valueName: "url"))
    var endpoint: String?

    @Option(
        help: ArgumentHelp(
            "Environment variable that holds the API key; the customary one for a provider's own address.", valueName: "name"))
    var keyFromEnvironment: String?

    @Option(help: ArgumentHelp("File that holds the API key.", valueName: "file"))
    var keyFromFile: String?

    @Option(help: ArgumentHelp("Azure's version of its API.", valueName: "version"))
    var apiVersion: String?

    @Option(help: ArgumentHelp("How long Anthropic's models may think, in tokens.", valueName: "tokens"))
    var thinkingTokens: Int?

    @Option(help: ArgumentHelp("The file that describes an interface of your own, for provider custom.", valueName: "file"))
    var description: String?

    var isEmpty: Bool {
        model.isEmpty && thinkingTokens == nil
            && [provider, endpoint, keyFromEnvironment, keyFromFile, apiVersion, description].allSatisfy { $0 == nil }
    }

    /// - Parameter endpoint: In the place of the flag's.
    func targets(endpoint other: String? = nil) throws -> [PlannedTarget] {
        guard !model.isEmpty else { throw CommandFailure("name a model with --model, or give a file with --config") }
        if keyFromEnvironment != nil, keyFromFile != nil {
            throw CommandFailure("the key is in the environment or in a file: leave out --key-from-environment or --key-from-file")
        }
        if let name = keyFromEnvironment, !PlannedTarget.isVariableName(name) {
            throw CommandFailure(
                "--key-from-environment must be the name of an environment variable, such as OPENAI_API_KEY; what was given is none and is not shown"
            )
        }
        let key: SecretPlace? = keyFromFile.map { .file($0) } ?? keyFromEnvironment.map { .environment($0) }
        return model.map { model in
            var target = PlannedTarget(provider: provider ?? "openai", model: model, endpoint: other ?? endpoint, key: key)
            target.apiVersion = apiVersion
            target.thinkingTokens = thinkingTokens
            target.descriptionFile = description
            return target
        }
    }
}
