import Documents
import Measurements
import Policies

/// Reads what `get` of a command target printed: a JSON object by knob, or lines `knob=value`.
enum ReportedSettings {
    struct Unreadable: Error {
        let text: String
    }

    /// - Returns: Values by name; other names than those of knobs may be among them.
    static func read(_ bytes: [UInt8]) throws(Unreadable) -> [String: KnobValue] {
        let first = bytes.first { $0 > 0x20 }
        guard first == UInt8(ascii: "{") else { return try lines(bytes) }
        do {
            let document = try bytes.withUnsafeBytes {
                try JSONDocument.parse($0, limits: DocumentLimits(bytes: 1 << 17, depth: 20, nodes: 10_000))
            }
            return Dictionary(document.members.compactMap { member in value(member.value).map { (member.key, $0) } }) { _, last in last }
        } catch {
            throw Unreadable(text: "it begins like JSON and is none")
        }
    }

    private static func value(_ document: DocumentValue) -> KnobValue? {
        switch document {
        case .integer(let number): .integer(Int(number))
        case .double(let number): .number(number)
        case .string(let text): .text(ForeignText.printable(text))
        case .boolean(let flag): .flag(flag)
        case .null, .array, .object: nil
        }
    }

    private static func lines(_ bytes: [UInt8]) throws(Unreadable) -> [String: KnobValue] {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw Unreadable(text: "it is not UTF-8") }
        var values: [String: KnobValue] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            guard let sign = line.firstIndex(of: "=") else {
                if line.allSatisfy(\.isWhitespace) { continue }
                throw Unreadable(text: "a line has no '=', and it is no JSON")
            }
            values[trimmed(line[..<sign])] = KnobValue(plain: ForeignText.printable(trimmed(line[line.index(after: sign)...])))
        }
        return values
    }

    private static func trimmed(_ text: Substring) -> String {
        let start = text.drop(while: \.isWhitespace)
        return String(start.reversed().drop(while: \.isWhitespace).reversed())
    }
}

extension Knob {
    /// A value as this knob's domain has it: `"4"` of JSON is the 4 of the policy, and the 4 of a line may be its `"4"`.
    func canonical(_ value: KnobValue) -> KnobValue {
        let candidates = [value, KnobValue(plain: value.description), .text(value.description)]
        switch domain {
        case .range: return candidates.lazy.compactMap(\.wholeNumber).first.map { .integer($0) } ?? value
        case .values(let allowed):
            return allowed.first { option in candidates.contains { $0 == option || ($0.numeric != nil && $0.numeric == option.numeric) } }
                ?? value
        }
    }
}
