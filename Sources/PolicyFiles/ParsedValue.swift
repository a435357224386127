internal import Documents
internal import Policies

/// A value that has the shape it should have, with its place.
struct Parsed: Sendable {
    let place: Place
    let value: ParsedValue
}

indirect enum ParsedValue: Sendable {
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
struct ParsedObject: Sendable {
    struct Entry: Sendable {
        let key: String
        let keyPlace: Place
        let value: Parsed
    }

    let place: Place
    var entries: [Entry] = []
    /// Keys that were there, also those whose values were refused.
    var writtenKeys: [String: Place] = [:]

    func entry(_ key: String) -> Entry? { entries.first { $0.key == key } }
    func has(_ key: String) -> Bool { writtenKeys[key] != nil }
    /// Where a value stands, or else its key, or else the mapping.
    func place(of key: String) -> Place { entry(key)?.value.place ?? writtenKeys[key] ?? place }

    func duration(_ key: String) -> Duration? {
        if case .duration(let value) = entry(key)?.value.value { value } else { nil }
    }

    func number(_ key: String) -> Double? {
        switch entry(key)?.value.value {
        case .number(let value): value
        case .integer(let value): Double(value)
        default: nil
        }
    }

    func integer(_ key: String) -> Int? {
        if case .integer(let value) = entry(key)?.value.value { value } else { nil }
    }

    func flag(_ key: String) -> Bool? {
        if case .flag(let value) = entry(key)?.value.value { value } else { nil }
    }

    func text(_ key: String) -> String? { entry(key)?.value.text }

    func choice<Value: RawRepresentable<String>>(_ key: String, _ type: Value.Type = Value.self) -> Value? { text(key).flatMap(type.init) }

    func eventBudget(_ key: String) -> Policy.EventBudget? {
        if case .eventBudget(let value) = entry(key)?.value.value { value } else { nil }
    }

    func object(_ key: String) -> ParsedObject? { entry(key)?.value.object }
    func list(_ key: String) -> [Parsed]? { entry(key)?.value.list }
    func texts(_ key: String) -> [String: String] {
        Dictionary(uniqueKeysWithValues: (object(key)?.entries ?? []).compactMap { entry in entry.value.text.map { (entry.key, $0) } })
    }
}

extension Parsed {
    var object: ParsedObject? {
        if case .object(let value) = value { value } else { nil }
    }

    var list: [Parsed]? {
        if case .list(let values) = value { values } else { nil }
    }

    var text: String? {
        if case .text(let value) = value { value } else { nil }
    }

    var scalar: KnobValue? {
        if case .scalar(let value) = value { value } else { nil }
    }
}

extension Place {
    init(_ mark: YAMLNode.Mark, length: Int = 1) { self.init(line: mark.line, column: mark.column, length: max(1, length)) }

    /// Where a node stands; a scalar with its whole width.
    init(_ node: YAMLNode) {
        guard case .scalar(let text, let style) = node.content else {
            self.init(node.mark)
            return
        }
        let width = text.unicodeScalars.count + (style == .quoted ? 2 : 0)
        self.init(node.mark, length: text.contains("\n") ? 1 : width)
    }

    init(_ entry: YAMLNode.Entry) { self.init(entry.keyMark, length: entry.key.unicodeScalars.count) }
}
