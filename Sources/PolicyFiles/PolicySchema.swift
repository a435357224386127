internal import EngineModels
internal import Policies

/// The JSON Schema of policy files, for editors; written from the same tables the parser reads by.
public enum PolicySchema {
    /// JSON Schema draft 2020-12. What a schema cannot say, such as `min` not above `max`, is left to `validate`.
    public static var text: String {
        var members: [(String, SchemaText)] = [
            ("$schema", .text("https://json-schema.org/draft/2020-12/schema")), ("title", .text("OptimizationPolicy")),
            ("description", .text("A policy of LLM Auto-Optimizer, \(PolicyShape.apiVersion)")),
        ]
        members += PolicyShape.document.schemaMembers
        members.append(("$defs", .object([("condition", .object(ConditionShape.table.schemaMembers))])))
        return SchemaText.object(members).written() + "\n"
    }
}

extension FieldTable {
    var schemaMembers: [(String, SchemaText)] {
        var members: [(String, SchemaText)] = [("type", .text("object")), ("additionalProperties", .flag(false))]
        let required = fields.filter(\.isRequired).map(\.name)
        if !required.isEmpty { members.append(("required", .list(required.map { .text($0) }))) }
        members.append(("properties", .object(fields.map { ($0.name, $0.schema) })))
        if choices.count == 1, choices[0].isRequired, choices[0].names.count == fields.count {
            members += [("minProperties", .integer(1)), ("maxProperties", .integer(1))]
        } else if !choices.isEmpty {
            members.append(("allOf", .list(choices.map(\.schema))))
        }
        return members
    }
}

extension Field {
    fileprivate var schema: SchemaText { .object([("description", .text(summary))] + shape.schemaMembers) }
}

extension FieldChoice {
    var schema: SchemaText {
        func has(_ name: String) -> SchemaText { .object([("required", .list([.text(name)]))]) }
        if isRequired { return .object([("oneOf", .list(names.map(has)))]) }
        return .object([("not", .object([("required", .list(names.map { .text($0) }))]))])
    }
}

extension Shape {
    fileprivate var schema: SchemaText { .object(schemaMembers) }

    fileprivate var schemaMembers: [(String, SchemaText)] {
        switch self {
        case .duration: [("type", .text("string")), ("pattern", .text(Self.durationPattern))]
        case .ratio(let range):
            anyOf([
                [("type", .text("string")), ("pattern", .text(Self.percentPattern))],
                [("type", .text("number")), ("minimum", .number(range.lowerBound)), ("maximum", .number(range.upperBound))],
            ])
        case .rate(let unitRequired):
            unitRequired
                ? Self.rateMembers : anyOf([Self.rateMembers, [("type", .text("number")), ("exclusiveMinimum", .integer(0))]])
        case .eventBudget:
            [("type", .text("string")), ("pattern", .text(Self.eventBudgetPattern))]
        case .number(let range):
            [("type", .text("number")), ("minimum", .number(range.lowerBound)), ("maximum", .number(range.upperBound))]
        case .integer(let range): [("type", .text("integer"))] + bounds(range)
        case .flag: [("type", .text("boolean"))]
        case .text(let rule): [("type", .text("string")), ("minLength", .integer(1))] + rule.schemaMembers
        case .choice(let names): [("enum", .list(names.map { .text($0) }))]
        case .anyScalar: [("type", .list(["string", "number", "boolean"].map { .text($0) }))]
        case .list(let element, let count):
            [
                ("type", .text("array")), ("minItems", .integer(count.lowerBound)), ("maxItems", .integer(count.upperBound)),
                ("items", element.schema),
            ]
        case .map(let keys, let value, let count):
            [
                ("type", .text("object")), ("minProperties", .integer(count.lowerBound)), ("maxProperties", .integer(count.upperBound)),
                ("propertyNames", .object([("minLength", .integer(1))] + keys.schemaMembers)), ("additionalProperties", value.schema),
            ]
        case .object(let table): table.schemaMembers
        case .either(let scalar, let table): anyOf([scalar.schemaMembers, table.schemaMembers])
        case .condition: [("$ref", .text("#/$defs/condition"))]
        }
    }

    static let durationPattern = "^([0-9]+(\\.[0-9]+)?(ns|us|µs|μs|ms|s|m|h|d))+$"
    static let percentPattern = "^[0-9]+(\\.[0-9]+)?%$"
    static let eventBudgetPattern = "^[0-9]+/([0-9]+(\\.[0-9]+)?)?(ns|us|µs|μs|ms|s|m|h|d)([0-9].*)?$"
    static let ratePattern = "^[0-9]+(\\.[0-9]+)?([eE][+-]?[0-9]+)?/(s|m|min|h|d)$"
    private static let rateMembers: [(String, SchemaText)] = [("type", .text("string")), ("pattern", .text(ratePattern))]

    private func anyOf(_ alternatives: [[(String, SchemaText)]]) -> [(String, SchemaText)] {
        [("anyOf", .list(alternatives.map { .object($0) }))]
    }

    private func bounds(_ range: ClosedRange<Int>) -> [(String, SchemaText)] {
        [("minimum", .integer(range.lowerBound))] + (range.upperBound == .max ? [] : [("maximum", .integer(range.upperBound))])
    }
}

extension TextRule {
    /// What of the rule a pattern can say.
    var schemaMembers: [(String, SchemaText)] {
        switch self {
        case .any, .promQL, .timezone, .cron: []
        case .name, .provider: [("pattern", .text("^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$"))]
        case .url: [("pattern", .text("^[Hh][Tt][Tt][Pp][Ss]?://[^@/?#\\s]+(/[^?#\\s]*)?$"))]
        case .jsonPointer: [("pattern", .text("^/"))]
        case .profile: [("enum", .list(EngineProfile.known.map { .text($0.name) }))]
        case .statistic: [("pattern", .text("^(mean|p[1-9][0-9]?(\\.[0-9]+)?)$"))]
        }
    }
}
