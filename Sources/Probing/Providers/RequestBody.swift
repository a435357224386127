import Documents

/// A JSON object in the making; what is `nil` is left out.
struct RequestBody {
    private(set) var members: [DocumentValue.Member] = []

    mutating func set(_ key: String, _ value: DocumentValue?) {
        if let value { members.append(.init(key: key, value: value)) }
    }

    mutating func set(_ key: String, _ text: String?) { set(key, text.map(DocumentValue.string)) }
    mutating func set(_ key: String, _ number: Int?) { set(key, number.map { .integer(Int64($0)) }) }
    mutating func set(_ key: String, _ number: Double?) { set(key, number.map(DocumentValue.double)) }
    mutating func set(_ key: String, _ flag: Bool) { set(key, DocumentValue.boolean(flag)) }
    mutating func set(_ key: String, _ texts: [String]) {
        if !texts.isEmpty { set(key, .array(texts.map(DocumentValue.string))) }
    }
    mutating func set(_ key: String, _ object: RequestBody) {
        if !object.members.isEmpty { set(key, object.value) }
    }

    var value: DocumentValue { .object(members) }
    var bytes: [UInt8] { Array(value.json.utf8) }
}

extension Prompt {
    /// The conversation as most interfaces want it, the system's words as a turn of their own.
    func messages(withSystem: Bool = true) -> DocumentValue {
        let system = withSystem ? self.system.map { [message("system", $0)] } ?? [] : []
        return .array(system + turns.map { message($0.role.rawValue, $0.text) })
    }

    private func message(_ role: String, _ text: String) -> DocumentValue {
        .object([.init(key: "role", value: .string(role)), .init(key: "content", value: .string(text))])
    }
}
