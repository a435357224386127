public import EngineModels
public import Policies

/// What never works, whatever it promises: a hard constraint on configurations.
public enum ConfigurationRule: Sendable, Codable, Hashable {
    /// The engine starts, and its cache holds the longest request.
    case fits(EngineProfile, longestRequest: Int)
    /// The knob of one role has at least the value of another; vLLM wants `max_num_batched_tokens >= max_num_seqs`.
    case atLeast(Knob.Role, other: Knob.Role)
    /// The knob of a role has at least this value; without chunked prefill vLLM wants `max_num_batched_tokens >= max_model_len`.
    case minimum(Knob.Role, Double)
    /// Only these values were found good enough by an evaluation of answers; latency cannot see quality (pitfall P16).
    case approved(Knob.Role, [KnobValue])

    /// Why a configuration must not be tried; `nil` where this rule does not speak against it, or not of what the configuration sets.
    func refusal(of configuration: Configuration, in grid: TuningGrid) -> String? {
        func value(_ role: Knob.Role) -> (name: String, value: KnobValue)? {
            grid.knob(of: role).flatMap { knob in configuration[knob.name].map { (knob.name, $0) } }
        }
        switch self {
        case .fits(let profile, let longestRequest):
            guard let settings = EngineSettings(configuration, in: grid) else { return "a setting of the engine is not a number in range" }
            if let problem = settings.problem(with: profile) { return problem }
            let room = profile.cacheTokens(under: settings)
            return room < longestRequest ? "the cache has room for \(room) tokens and the longest request needs \(longestRequest)" : nil
        case .atLeast(let role, let other):
            guard let large = value(role), let small = value(other), let least = small.value.numeric else { return nil }
            guard let most = large.value.numeric, most >= least else {
                return "\(large.name) is \(large.value) and must be at least \(small.name), which is \(small.value)"
            }
            return nil
        case .minimum(let role, let least):
            guard let found = value(role) else { return nil }
            guard let number = found.value.numeric, number >= least else {
                return "\(found.name) is \(found.value) and must be at least \(KnobValue.number(least))"
            }
            return nil
        case .approved(let role, let values):
            guard let found = value(role), !values.contains(where: { Configuration(["": $0]) == Configuration(["": found.value]) }) else {
                return nil
            }
            return "no evaluation of answers has approved \(found.name)=\(found.value)"
        }
    }
}

extension EngineSettings {
    /// The settings a configuration means, with defaults for what it does not set; `nil` where a value is of the wrong kind.
    public init?(_ configuration: Configuration, in grid: TuningGrid, defaults: EngineSettings = EngineSettings()) {
        self = defaults
        for knob in grid.knobs {
            guard let value = configuration[knob.name] else { continue }
            switch knob.role {
            case .concurrency:
                guard let number = value.wholeNumber else { return nil }
                maxNumSeqs = number
            case .batchTokens:
                guard let number = value.wholeNumber else { return nil }
                maxNumBatchedTokens = number
            case .memoryShare:
                guard let number = value.numeric else { return nil }
                gpuMemoryUtilization = number
            case .tensorParallel:
                guard let number = value.wholeNumber else { return nil }
                tensorParallel = number
            case .quantization:
                guard case .text(let name) = value, let known = Quantization.named(name) else { return nil }
                quantization = known
            case .replicas, .batchSize, .caching, .other: continue
            }
        }
    }
}
