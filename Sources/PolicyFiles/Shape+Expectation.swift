internal import Policies

extension Shape {
    /// What to write at such a place, for error messages.
    var expectation: String {
        switch self {
        case .duration: "a duration such as 5m or 500ms"
        case .ratio: "a ratio such as 5% or 0.05"
        case .rate: "a rate such as 10/s"
        case .eventBudget: "a budget such as 2/h"
        case .number: "a number"
        case .integer: "a whole number"
        case .flag: "true or false"
        case .text(let rule): rule.expectation
        case .choice(let names): names.count == 1 ? "'\(names[0])'" : "one of \(names.joined(separator: ", "))"
        case .anyScalar: "a number, a text, or true or false"
        case .list: "a list"
        case .map, .object: "a mapping"
        case .either(let scalar, _): "\(scalar.expectation), or a mapping"
        case .condition: "a condition"
        }
    }
}

extension TextRule {
    fileprivate var expectation: String {
        switch self {
        case .any: "a text"
        case .name: "a name"
        case .url: "a URL"
        case .cron: "a cron expression such as \"0 3 * * *\""
        case .timezone: "a time zone such as Europe/Berlin"
        case .jsonPointer: "a JSON pointer such as /spec/template"
        case .statistic: "mean or a percentile such as p95"
        case .promQL: "a PromQL expression"
        case .provider: "an interface such as openai or vllm"
        case .profile: "an engine profile such as L70-H100x4"
        }
    }
}
