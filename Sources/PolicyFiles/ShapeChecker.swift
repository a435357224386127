package import Documents

/// Holds a YAML tree against a shape and keeps what fits; everything else becomes an error with its place.
package struct ShapeChecker {
    package var log: DiagnosticLog

    package init(log: DiagnosticLog) { self.log = log }

    package mutating func check(_ node: YAMLNode, as shape: Shape, of subject: String) -> Parsed? {
        switch shape {
        case .list(let element, let count): return list(node, of: element, count: count, subject)
        case .map(let keys, let value, let count): return map(node, keys: keys, value, count: count, subject)
        case .object(let table): return object(node, table)
        case .either(let scalar, let table):
            if node.mapping != nil { return object(node, table) }
            guard node.sequence == nil else { return refuse(node, "expected \(scalar.expectation) or a mapping, found a list") }
            return check(node, as: scalar, of: subject)
        case .condition: return object(node, ConditionShape.table)
        default: return scalar(node, shape, subject)
        }
    }

    private mutating func scalar(_ node: YAMLNode, _ shape: Shape, _ subject: String) -> Parsed? {
        guard let text = node.scalar, let style = node.style else {
            return refuse(node, "'\(subject)' must be \(shape.expectation), found \(node.kindName)")
        }
        switch ScalarReading.read(text, isPlain: style == .plain, as: shape) {
        case .success(let value): return Parsed(place: Place(node), value: value)
        case .failure(let refusal):
            log.error(refusal.place(in: node), "'\(subject)': \(refusal.message)", suggestion: refusal.suggestion)
            return nil
        }
    }

    private mutating func list(_ node: YAMLNode, of element: Shape, count: ClosedRange<Int>, _ subject: String) -> Parsed? {
        guard let nodes = node.sequence else { return refuse(node, "'\(subject)' must be a list, found \(node.kindName)") }
        guard count.contains(nodes.count) else {
            let needed = nodes.count < count.lowerBound ? "at least \(count.lowerBound)" : "at most \(count.upperBound)"
            return refuse(node, "'\(subject)' must have \(needed) \(needed.hasSuffix(" 1") ? "entry" : "entries"), found \(nodes.count)")
        }
        let values = nodes.compactMap { check($0, as: element, of: subject) }
        return Parsed(place: Place(node), value: .list(values))
    }

    private mutating func map(
        _ node: YAMLNode, keys: TextRule, _ shape: Shape, count: ClosedRange<Int>, _ subject: String
    ) -> Parsed? {
        guard let entries = node.mapping else { return refuse(node, "'\(subject)' must be a mapping, found \(node.kindName)") }
        guard count.contains(entries.count) else {
            let needed = entries.count < count.lowerBound ? "at least \(count.lowerBound)" : "at most \(count.upperBound)"
            return refuse(node, "'\(subject)' must have \(needed) \(needed.hasSuffix(" 1") ? "entry" : "entries"), found \(entries.count)")
        }
        var object = ParsedObject(place: Place(node))
        for entry in entries {
            object.writtenKeys[entry.key] = Place(entry)
            if let refusal = keys.refusal(of: entry.key) {
                log.error(Place(entry), "key of '\(subject)': \(refusal.message)", suggestion: refusal.suggestion)
            } else if let value = check(entry.value, as: shape, of: entry.key) {
                object.entries.append(.init(key: entry.key, keyPlace: Place(entry), value: value))
            }
        }
        return Parsed(place: object.place, value: .object(object))
    }

    private mutating func object(_ node: YAMLNode, _ table: FieldTable) -> Parsed? {
        guard let entries = node.mapping else {
            return refuse(node, "\(table.name) must be a mapping, found \(node.kindName)")
        }
        var object = ParsedObject(place: Place(node))
        for entry in entries {
            guard let field = table.field(entry.key) else {
                unknownField(entry, of: table)
                continue
            }
            object.writtenKeys[entry.key] = Place(entry)
            if entry.value.isNull {
                log.error(Place(entry), "'\(entry.key)' has no value; it must be \(field.shape.expectation)")
            } else if let value = check(entry.value, as: field.shape, of: entry.key) {
                object.entries.append(.init(key: entry.key, keyPlace: Place(entry), value: value))
            }
        }
        checkPresence(in: object, of: table)
        return Parsed(place: object.place, value: .object(object))
    }

    private mutating func unknownField(_ entry: YAMLNode.Entry, of table: FieldTable) {
        let names = table.fields.map(\.name)
        let suggestion = Suggestion.closest(to: entry.key, among: names)
        let known = suggestion == nil ? "; \(table.name) may have \(names.prefix(20).joined(separator: ", "))" : ""
        log.error(Place(entry), "unknown field '\(QuantityText.shown(entry.key))'\(known)", suggestion: suggestion)
    }

    private mutating func checkPresence(in object: ParsedObject, of table: FieldTable) {
        for field in table.fields where field.isRequired && !object.has(field.name) {
            log.error(object.place, "\(table.name) needs '\(field.name)': \(field.summary)")
        }
        for choice in table.choices {
            let given = choice.names.filter(object.has)
            if given.count > 1, let second = given.last {
                log.error(
                    object.writtenKeys[second] ?? object.place,
                    "\(table.name) has \(given.map { "'\($0)'" }.joined(separator: " and ")); only one of them may be given\(choice.hint)")
            } else if given.isEmpty, choice.isRequired {
                let names =
                    choice.names.count > 8 ? "a condition such as '\(choice.names[0])'" : "one of \(choice.names.joined(separator: ", "))"
                log.error(object.place, "\(table.name) needs \(names)")
            }
        }
    }

    private mutating func refuse(_ node: YAMLNode, _ message: String) -> Parsed? {
        log.error(Place(node), message)
        return nil
    }
}

extension FieldChoice {
    fileprivate var hint: String { names.contains("and") ? "; join conditions with 'and: [...]' or 'or: [...]'" : "" }
}
