import Documents

extension DocumentValue {
    /// A scalar as a manifest would hold it in quotes.
    var scalarText: String {
        switch self {
        case .string(let text): text
        case .integer(let number): "\(number)"
        case .double(let number): "\(number)"
        case .boolean(let flag): "\(flag)"
        case .null, .array, .object: ""
        }
    }

    var isScalar: Bool {
        switch self {
        case .string, .integer, .double, .boolean: true
        case .null, .array, .object: false
        }
    }

    /// The value a JSON pointer (RFC 6901) names; the empty pointer names the whole.
    func value(at pointer: String) -> DocumentValue? {
        var value = self
        for part in pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
            let key = String(part).replacing("~1", with: "/").replacing("~0", with: "~")
            if case .array(let elements) = value {
                guard let index = Int(key), elements.indices.contains(index) else { return nil }
                value = elements[index]
            } else {
                guard let member = value[key] else { return nil }
                value = member
            }
        }
        return value
    }

    /// The same value with the members of every object sorted by name.
    var canonical: DocumentValue {
        switch self {
        case .array(let elements): .array(elements.map(\.canonical))
        case .object(let members):
            .object(members.map { Member(key: $0.key, value: $0.value.canonical) }.sorted { $0.key < $1.key })
        default: self
        }
    }

    static func members(_ pairs: KeyValuePairs<String, DocumentValue>) -> DocumentValue {
        .object(pairs.map { Member(key: $0.key, value: $0.value) })
    }
}

extension String {
    /// As one part of a JSON pointer (RFC 6901).
    var pointerPart: String { replacing("~", with: "~0").replacing("/", with: "~1") }
}
