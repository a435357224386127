/// What may stand at a place of a file. One set of shapes drives the parser and the JSON Schema for editors.
package indirect enum Shape: Sendable {
    case duration(ClosedRange<Duration>)
    /// In `0...1` unless the range says otherwise; `5%` or `0.05`.
    case ratio(ClosedRange<Double>)
    /// Events per second, above zero; `unitRequired` where the field's name does not already say "per second".
    case rate(unitRequired: Bool)
    case eventBudget
    case number(ClosedRange<Double>)
    case integer(ClosedRange<Int>)
    case flag
    case text(TextRule)
    case choice([String])
    /// A number, text or switch: the value of a knob.
    case anyScalar
    case list(Shape, count: ClosedRange<Int>)
    /// Keys of the user's own.
    case map(keys: TextRule, Shape, count: ClosedRange<Int>)
    case object(FieldTable)
    /// A scalar where one value says it all, else a mapping.
    case either(Shape, FieldTable)
    case condition
}

/// What a text must look like.
package enum TextRule: String, Sendable, CaseIterable {
    /// Not empty.
    case any
    /// Letters, digits, `-`, `_` and `.`, as names of policies, triggers and knobs are.
    case name
    case url
    case cron
    case timezone
    /// RFC 6901.
    case jsonPointer
    /// `mean` or a percentile such as `p95` or `p99.9`.
    case statistic
    /// `promql`: any text without a check of its syntax.
    case promQL
    /// A name of an interface that probes speak.
    case provider
    /// A name of an engine profile.
    case profile
}

/// The fields of one kind of mapping.
package struct FieldTable: Sendable {
    /// What the mapping is, with its article: "a trigger".
    package let name: String
    package let fields: [Field]
    /// Fields of which exactly one, or at most one, may be given.
    package let choices: [FieldChoice]

    package init(_ name: String, _ fields: [Field], choices: [FieldChoice] = []) {
        self.name = name
        self.fields = fields
        self.choices = choices
    }

    package func field(_ name: String) -> Field? { fields.first { $0.name == name } }
}

package struct Field: Sendable {
    package let name: String
    package let shape: Shape
    package let isRequired: Bool
    /// What it means, for editors.
    package let summary: String

    package init(_ name: String, _ shape: Shape, required: Bool = false, _ summary: String) {
        self.name = name
        self.shape = shape
        isRequired = required
        self.summary = summary
    }
}

package struct FieldChoice: Sendable {
    package let names: [String]
    package let isRequired: Bool

    package static func exactlyOne(_ names: String...) -> FieldChoice { FieldChoice(names: names, isRequired: true) }
    package static func exactlyOne(of names: [String]) -> FieldChoice { FieldChoice(names: names, isRequired: true) }
    package static func atMostOne(_ names: String...) -> FieldChoice { FieldChoice(names: names, isRequired: false) }
}
