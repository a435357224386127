package import Documents
package import Policies

/// A value that has the shape it should have, with its place.
package struct Parsed: Sendable {
    package let place: Place
    package let value: ParsedValue
}

package indirect enum ParsedValue: Sendable {
    case duration(Duration)
    /// A ratio, a rate per second, or a plain number.
    case number(Double)
    case integer(Int)
    case flag(Bool)
    case text(String)
    case eventBudget(Policy.EventBudget)
    case scalar(KnobValue)
    case list([Parsed])
    /// Of a mapping with known fields and of one with keys of the user's own. What was refused is left out.
    case object(ParsedObject)
}

/// The entries of a mapping that have the shape they should have.
package struct ParsedObject: Sendable {
    package struct Entry: Sendable {
        package let key: String
        package let keyPlace: Place
        package let value: Parsed
    }

    package let place: Place
    package var entries: [Entry] = []
    /// Keys that were there, also those whose values were refused.
    package var writtenKeys: [String: Place] = [:]

    package func entry(_ key: String) -> Entry? { entries.first { $0.key == key } }
    package func has(_ key: String) -> Bool { writtenKeys[key] != nil }
    /// Where a value stands, or else its key, or else the mapping.
    package func place(of key: String) -> Place { entry(key)?.value.place ?? writtenKeys[key] ?? place }

    package func duration(_ key: String) -> Duration? {
        if case .duration(let value) = entry(key)?.value.value { value } else { nil }
    }

    package func number(_ key: String) -> Double? {
        switch entry(key)?.value.value {
        case .number(let value): value
        case .integer(let value): Double(value)
        default: nil
        }
    }

    package func integer(_ key: String) -> Int? {
        if case .integer(let value) = entry(key)?.value.value { value } else { nil }
    }

    package func flag(_ key: String) -> Bool? {
        if case .flag(let value) = entry(key)?.value.value { value } else { nil }
    }

    package func text(_ key: String) -> String? { entry(key)?.value.text }

    package func choice<Value: RawRepresentable<String>>(_ key: String, _ type: Value.Type = Value.self) -> Value? {
        text(key).flatMap(type.init)
    }

    package func eventBudget(_ key: String) -> Policy.EventBudget? {
        if case .eventBudget(let value) = entry(key)?.value.value { value } else { nil }
    }

    package func object(_ key: String) -> ParsedObject? { entry(key)?.value.object }
    package func list(_ key: String) -> [Parsed]? { entry(key)?.value.list }
    package func texts(_ key: String) -> [String: String] {
        Dictionary(uniqueKeysWithValues: (object(key)?.entries ?? []).compactMap { entry in entry.value.text.map { (entry.key, $0) } })
    }
}

extension Parsed {
    package var object: ParsedObject? {
        if case .object(let value) = value { value } else { nil }
    }

    package var list: [Parsed]? {
        if case .list(let values) = value { values } else { nil }
    }

    package var text: String? {
        if case .text(let value) = value { value } else { nil }
    }

    package var scalar: KnobValue? {
        if case .scalar(let value) = value { value } else { nil }
    }
}

extension Place {
    package init(_ mark: YAMLNode.Mark, length: Int = 1) { self.init(line: mark.line, column: mark.column, length: max(1, length)) }

    /// Where a node stands; a scalar with its whole width.
    package init(_ node: YAMLNode) {
        guard case .scalar(let text, let style) = node.content else {
            self.init(node.mark)
            return
        }
        let width = text.unicodeScalars.count + (style == .quoted ? 2 : 0)
        self.init(node.mark, length: text.contains("\n") ? 1 : width)
    }

    package init(_ entry: YAMLNode.Entry) { self.init(entry.keyMark, length: entry.key.unicodeScalars.count) }
}
