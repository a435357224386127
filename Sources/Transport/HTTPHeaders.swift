/// The headers of an answer in the order they came, repeated ones kept.
public struct HTTPHeaders: Sendable, RandomAccessCollection {
    private var fields: [(name: String, value: String)] = []

    public var startIndex: Int { 0 }
    public var endIndex: Int { fields.count }
    public subscript(position: Int) -> (name: String, value: String) { fields[position] }

    /// The first value of a header, whatever the case of its name; `nil` where there is none.
    public subscript(name: String) -> String? { fields.first { Self.same($0.name, name) }?.value }

    /// All values of a header, in their order.
    public func values(_ name: String) -> [String] { fields.filter { Self.same($0.name, name) }.map(\.value) }

    mutating func append(name: String, value: String) { fields.append((name, value)) }

    /// Continues the last value, as lines that begin with a blank do (RFC 9112 §5.2).
    mutating func extendLast(with text: String) {
        guard !fields.isEmpty else { return }
        fields[fields.count - 1].value += " " + text
    }

    /// Names are ASCII, so folding ASCII is enough.
    static func same(_ left: String, _ right: String) -> Bool {
        left.utf8.count == right.utf8.count && zip(left.utf8, right.utf8).allSatisfy { lowercased($0) == lowercased($1) }
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 { (65...90).contains(byte) ? byte | 0x20 : byte }
}
