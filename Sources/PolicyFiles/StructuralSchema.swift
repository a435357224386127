/// The shapes as the structural schema of a custom resource: every field has one type, nothing refers to anything, and what may be of two
/// types has none and keeps what it holds.
///
/// Source: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
struct StructuralSchema {
    /// How deep conditions are spelled out; structural schemas cannot be recursive, so that what is deeper is left to the controller.
    static let conditionDepth = 2

    private typealias Members = [(String, SchemaText)]

    /// - Parameter omitted: Fields that are left out, by the name of their table.
    static func members(of table: FieldTable, depth: Int = conditionDepth) -> [(String, SchemaText)] {
        let left = omitted[table.name] ?? []
        let fields = table.fields.filter { !left.contains($0.name) }
        var members: Members = [("type", .text("object"))]
        let required = fields.filter(\.isRequired).map(\.name)
        if !required.isEmpty { members.append(("required", .list(required.map { .text($0) }))) }
        let properties = fields.map { field in
            (field.name, SchemaText.object([("description", .text(field.summary))] + Self.members(of: field.shape, depth: depth)))
        }
        members.append(("properties", .object(properties)))
        members += constraints(table.choices.map { $0.without(left) }, fieldCount: fields.count)
        let rules = (validations[table.name] ?? []).map { rule in
            SchemaText.object([("rule", .text(rule.rule)), ("message", .text(rule.message))])
        }
        if !rules.isEmpty { members.append(("x-kubernetes-validations", .list(rules))) }
        return members
    }

    private static func constraints(_ choices: [FieldChoice], fieldCount: Int) -> Members {
        if choices.count == 1, choices[0].isRequired, choices[0].names.count == fieldCount {
            return [("minProperties", .integer(1)), ("maxProperties", .integer(1))]
        }
        return choices.isEmpty ? [] : [("allOf", .list(choices.map(\.schema)))]
    }

    private static func members(of shape: Shape, depth: Int) -> Members {
        switch shape {
        case .duration: text(pattern: Shape.durationPattern)
        case .eventBudget: text(pattern: Shape.eventBudgetPattern)
        case .rate(unitRequired: true): text(pattern: Shape.ratePattern)
        case .rate, .ratio, .anyScalar: [untyped] + constraints(of: shape)
        case .number: [("type", .text("number"))] + constraints(of: shape)
        case .integer: [("type", .text("integer")), ("format", .text("int64"))] + constraints(of: shape)
        case .flag: [("type", .text("boolean"))]
        case .text(let rule):
            [("type", .text("string")), ("minLength", .integer(1)), ("maxLength", .integer(TextRule.longestText))] + rule.schemaMembers
        case .choice(let names): [("type", .text("string")), ("enum", .list(names.map { .text($0) }))]
        case .list(let element, let count): list(element, count, depth: depth)
        case .map(_, let value, let count):
            [
                ("type", .text("object")), ("minProperties", .integer(count.lowerBound)), ("maxProperties", .integer(count.upperBound)),
                ("additionalProperties", .object(members(of: value, depth: depth))),
            ]
        case .object(let table): members(of: table, depth: depth)
        // What the word says is said by leaving the field out.
        case .either(.choice, let table): members(of: table, depth: depth)
        case .either(let scalar, let table):
            [untyped] + constraints(of: scalar)
                + [("required", .list(table.fields.filter(\.isRequired).map { .text($0.name) }))]
        case .condition:
            depth > 0
                ? members(of: ConditionShape.table, depth: depth - 1)
                : [("type", .text("object")), ("minProperties", .integer(1)), ("maxProperties", .integer(1)), untyped]
        }
    }

    private static let untyped: (String, SchemaText) = ("x-kubernetes-preserve-unknown-fields", .flag(true))

    private static func text(pattern: String) -> Members { [("type", .text("string")), ("pattern", .text(pattern))] }

    private static func list(_ element: Shape, _ count: ClosedRange<Int>, depth: Int) -> Members {
        var members: Members = [
            ("type", .text("array")), ("minItems", .integer(count.lowerBound)), ("maxItems", .integer(count.upperBound)),
        ]
        if case .object(let table) = element, table.field("name")?.isRequired == true {
            members += [("x-kubernetes-list-type", .text("map")), ("x-kubernetes-list-map-keys", .list([.text("name")]))]
        }
        return members + [("items", .object(Self.members(of: element, depth: depth)))]
    }

    /// What holds for a value without naming its type: a pattern is about texts only, a bound about numbers only.
    private static func constraints(of shape: Shape) -> Members {
        switch shape {
        case .duration: [("pattern", .text(Shape.durationPattern))]
        case .ratio(let range):
            [("pattern", .text(Shape.percentPattern)), ("minimum", .number(range.lowerBound)), ("maximum", .number(range.upperBound))]
        // OpenAPI 3.0 has 'exclusiveMinimum' as a switch.
        case .rate: [("pattern", .text(Shape.ratePattern)), ("minimum", .integer(0)), ("exclusiveMinimum", .flag(true))]
        case .number(let range): [("minimum", .number(range.lowerBound)), ("maximum", .number(range.upperBound))]
        case .integer(let range):
            [("minimum", .integer(range.lowerBound))] + (range.upperBound == .max ? [] : [("maximum", .integer(range.upperBound))])
        case .anyScalar: [("maxLength", .integer(1_024))]
        default: []
        }
    }
}

extension StructuralSchema {
    /// Not to be had in a cluster: whoever may write a policy there could run programs as the controller.
    fileprivate static let omitted: [String: Set<String>] = ["'target'": ["command"]]

    /// Rules between fields, in the Common Expression Language; each also is a rule of the parser.
    fileprivate static let validations: [String: [(rule: String, message: String)]] = [
        "a knob": [
            ("!has(self.min) || has(self.max)", "a knob with 'min' needs 'max': everything that is adjusted needs both bounds"),
            ("!has(self.min) || !has(self.max) || self.min <= self.max", "'min' is greater than 'max'"),
        ],
        "'spec'": [
            (
                "!has(self.knobs) || self.knobs.all(name, name == 'replicas' || has(self.knobs[name].at))",
                "a knob other than 'replicas' needs 'at' to say where it lives, such as at: {env: {container: NAME, name: VARIABLE}}"
            ),
            (
                "!has(self.knobs) || !('replicas' in self.knobs) || !has(self.knobs['replicas'].at)",
                "'replicas' is set through the scale subresource and takes no 'at'"
            ),
        ],
        "a trigger": [
            ("self.type != 'scheduled' || has(self.cron)", "a trigger of type scheduled needs 'cron', such as \"0 3 * * *\""),
            (
                "self.type == 'scheduled' || has(self.when)",
                "a trigger needs 'when', the condition that makes it fire, unless it is scheduled"
            ),
            ("self.type == 'scheduled' || !has(self.cron)", "'cron' belongs to triggers of type scheduled"),
            // `for` is a reserved word of the language.
            ("self.type != 'scheduled' || !has(self.__for__)", "'for' has no meaning in a scheduled trigger: it fires when it comes due"),
        ],
    ]
}

extension FieldChoice {
    fileprivate func without(_ left: Set<String>) -> FieldChoice {
        FieldChoice(names: names.filter { !left.contains($0) }, isRequired: isRequired)
    }
}
