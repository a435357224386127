/// A set of fields of an object, as `metadata.managedFields[].fieldsV1` writes it.
struct FieldSet: Sendable, Hashable {
    enum Element: Sendable, Hashable {
        case field(String)
        /// An element of a list, told apart by some of its members.
        case key([String: JSONValue])
        /// An element of a set.
        case value(JSONValue)
    }

    typealias Path = [Element]

    /// The paths in the set; a field may be in it without the fields below it.
    var paths: Set<Path> = []

    init(paths: Set<Path> = []) { self.paths = paths }

    init(fieldsV1 value: JSONValue) {
        collect(value, at: [])
    }

    var isEmpty: Bool { paths.isEmpty }

    func holds(_ path: Path) -> Bool { paths.contains(path) }
    func holdsBelow(_ path: Path) -> Bool { paths.contains { $0.count > path.count && $0.starts(with: path) } }

    private mutating func collect(_ value: JSONValue, at path: Path) {
        for (name, below) in value.members {
            if name == "." {
                paths.insert(path)
            } else if let element = Element(fieldsV1: name) {
                if below.members.isEmpty { paths.insert(path + [element]) } else { collect(below, at: path + [element]) }
            }
        }
    }

    /// `{"f:spec":{"f:replicas":{}}}`
    var fieldsV1: JSONValue {
        var root = Node()
        for path in paths { root.insert(path[...]) }
        return root.json(isRoot: true)
    }

    private struct Node {
        var isMember = false
        var children: [Element: Node] = [:]

        mutating func insert(_ path: ArraySlice<Element>) {
            guard let first = path.first else { return isMember = true }
            children[first, default: Node()].insert(path.dropFirst())
        }

        func json(isRoot: Bool = false) -> JSONValue {
            var members: [String: JSONValue] = [:]
            for (element, child) in children { members[element.fieldsV1] = child.json() }
            if isMember && !isRoot && !children.isEmpty { members["."] = [:] }
            return .object(members)
        }
    }
}

extension FieldSet.Element {
    init?(fieldsV1 name: String) {
        if let field = name.droppingPrefix("f:") {
            self = .field(field)
        } else if let key = name.droppingPrefix("k:"), let value = try? JSONValue.parse(key) {
            self = .key(value.members)
        } else if let text = name.droppingPrefix("v:"), let value = try? JSONValue.parse("[" + text + "]") {
            self = .value(value.elements[0])
        } else {
            return nil
        }
    }

    var fieldsV1: String {
        switch self {
        case .field(let name): "f:" + name
        case .key(let key): "k:" + JSONValue.object(key).json
        case .value(let value): "v:" + value.json
        }
    }
}

extension FieldSet {
    /// `.spec.template.spec.containers[name="web"].image`
    static func text(_ path: Path) -> String {
        path.map { element in
            switch element {
            case .field(let name): "." + name
            case .key(let key): "[" + key.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.json)" }.joined(separator: ",") + "]"
            case .value(let value): "[=\(value.json)]"
            }
        }.joined()
    }
}

/// The differences between two objects, field by field.
struct FieldComparison {
    var added = FieldSet()
    var modified = FieldSet()
    var removed = FieldSet()
    private let semantics: ListSemantics

    init(from old: JSONValue, to new: JSONValue, semantics: ListSemantics) {
        self.semantics = semantics
        compare(old, new, at: [], field: "")
    }

    private mutating func compare(_ old: JSONValue?, _ new: JSONValue?, at path: FieldSet.Path, field: String) {
        if old == nil && new == nil { return }
        let children = semantics.children(of: old ?? new ?? .null, field: field)
        let newChildren = semantics.children(of: new ?? old ?? .null, field: field)
        guard let children, let newChildren else {
            if old == nil {
                added.paths.insert(path)
            } else if new == nil {
                removed.paths.insert(path)
            } else if old != new {
                modified.paths.insert(path)
            }
            return
        }
        if !path.isEmpty {
            if old == nil { added.paths.insert(path) } else if new == nil { removed.paths.insert(path) }
        }
        for element in Set(children.keys).union(newChildren.keys) {
            compare(
                old == nil ? nil : children[element], new == nil ? nil : newChildren[element], at: path + [element],
                field: element.fieldName ?? "")
        }
    }
}

extension FieldSet.Element {
    var fieldName: String? {
        if case .field(let name) = self { name } else { nil }
    }
}

extension ListSemantics {
    /// The parts of a value that have owners of their own; `nil` for a value that is owned as a whole.
    func children(of value: JSONValue, field: String) -> [FieldSet.Element: JSONValue]? {
        switch value {
        case .object(let members):
            if atomicObjects.contains(field) || members.isEmpty { return members.isEmpty && !atomicObjects.contains(field) ? [:] : nil }
            return Dictionary(uniqueKeysWithValues: members.map { (.field($0.key), $0.value) })
        case .array(let elements):
            if sets.contains(field) { return Dictionary(elements.map { (.value($0), $0) }, uniquingKeysWith: { first, _ in first }) }
            guard mapKeys[field] != nil else { return nil }
            var children: [FieldSet.Element: JSONValue] = [:]
            for element in elements {
                guard let key = key(of: element, in: field) else { return nil }
                children[.key(key)] = element
            }
            return children
        case .null: return mapKeys[field] != nil ? [:] : nil
        default: return nil
        }
    }

    /// The fields that an applied configuration states: its leaves, and the elements of its keyed lists.
    func stated(by value: JSONValue) -> FieldSet {
        var set = FieldSet()
        func walk(_ value: JSONValue, _ path: FieldSet.Path, _ field: String) {
            guard let children = children(of: value, field: field), !children.isEmpty else {
                if !path.isEmpty { set.paths.insert(path) }
                return
            }
            if case .key? = path.last { set.paths.insert(path) }
            for (element, child) in children { walk(child, path + [element], element.fieldName ?? "") }
        }
        walk(value, [], "")
        return set
    }
}
