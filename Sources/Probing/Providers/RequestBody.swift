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
    var bytes: [UInt8] { value.jsonBytes }
}

extension DocumentValue {
    /// JSON for a machine: prompts are long, and nothing is escaped that need not be.
    var jsonBytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512)
        write(to: &bytes)
        return bytes
    }

    private func write(to bytes: inout [UInt8]) {
        switch self {
        case .string(let text): Self.write(text, to: &bytes)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                element.write(to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                Self.write(member.key, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                member.value.write(to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        case .null, .boolean, .integer, .double: bytes += Array(json.utf8)
        }
    }

    private static func write(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0x0A: bytes += Array("\\n".utf8)
            case 0..<0x20: bytes += Array((byte < 16 ? "\\u000" : "\\u00").utf8) + Array(String(byte, radix: 16).utf8)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
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
