import Measurements

/// Walks one JSON text once, takes what a table asks for, and builds nothing of the rest: a load test reads a hundred thousand of
/// them a second.
///
/// The grammar is RFC 8259's, with Python's bare `NaN` and `Infinity` besides. Bytes that are no UTF-8 are replaced where text is kept.
struct EventScanner {
    private let bytes: UnsafeRawBufferPointer
    private let table: EventTable
    private let keepsText: Bool
    private var position = 0
    private(set) var found = ScannedEvent()

    /// Levels of nesting, at most.
    static let maximumDepth = 32

    /// What is no JSON, or too deep.
    struct Refusal: Error {}

    /// - Parameter bytes: Borrowed for the call.
    static func read(
        _ bytes: UnsafeRawBufferPointer, _ table: EventTable, keepsText: Bool = false
    ) throws(Refusal) -> ScannedEvent {
        var scanner = EventScanner(bytes: bytes, table: table, keepsText: keepsText)
        try scanner.value(EventTable.root, depth: 0)
        scanner.skipBlanks()
        guard scanner.position == bytes.count else { throw Refusal() }
        return scanner.found
    }

    private init(bytes: UnsafeRawBufferPointer, table: EventTable, keepsText: Bool) {
        self.bytes = bytes
        self.table = table
        self.keepsText = keepsText
    }

    // MARK: Grammar

    private mutating func value(_ node: Int, depth: Int) throws(Refusal) {
        guard depth <= Self.maximumDepth else { throw Refusal() }
        skipBlanks()
        switch current {
        case UInt8(ascii: "{"): try object(node, depth: depth)
        case UInt8(ascii: "["): try array(node, depth: depth)
        case UInt8(ascii: "\""):
            let text = try string()
            if let field = field(node) { found.take(field, text: text, in: bytes, keepsText: keepsText) }
        default: try scalar(node)
        }
    }

    private mutating func object(_ node: Int, depth: Int) throws(Refusal) {
        position += 1
        let isMarked = node >= 0 && table.nodes[node].hasReasoningMark
        let outside = isMarked ? found.enterMarkedObject() : nil
        var count = 0
        skipBlanks()
        if current == UInt8(ascii: "}") {
            position += 1
        } else {
            while true {
                skipBlanks()
                guard current == UInt8(ascii: "\"") else { throw Refusal() }
                let key = try string()
                skipBlanks()
                guard current == UInt8(ascii: ":") else { throw Refusal() }
                position += 1
                try value(member(key, of: node), depth: depth + 1)
                count += 1
                guard try continues(UInt8(ascii: "}")) else { break }
            }
        }
        if let outside { found.leaveMarkedObject(outside) }
        if let field = field(node) { found.take(field, listOf: count) }
    }

    private mutating func array(_ node: Int, depth: Int) throws(Refusal) {
        position += 1
        let element = node >= 0 ? table.nodes[node].each : EventTable.nowhere
        var count = 0
        skipBlanks()
        if current == UInt8(ascii: "]") {
            position += 1
        } else {
            while true {
                try value(element, depth: depth + 1)
                count += 1
                guard try continues(UInt8(ascii: "]")) else { break }
            }
        }
        if let field = field(node) { found.take(field, listOf: count) }
    }

    /// Whether another element follows; passes the comma, or the end.
    private mutating func continues(_ end: UInt8) throws(Refusal) -> Bool {
        skipBlanks()
        let byte = current
        position += 1
        if byte == UInt8(ascii: ",") { return true }
        guard byte == end else { throw Refusal() }
        return false
    }

    /// The range between the quotation marks.
    private mutating func string() throws(Refusal) -> ScannedText {
        position += 1
        let start = position
        var hasEscapes = false
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                position += 1
                return ScannedText(range: start..<position - 1, hasEscapes: hasEscapes)
            }
            guard byte >= 0x20 else { throw Refusal() }
            if byte == UInt8(ascii: "\\") {
                hasEscapes = true
                try escape()
            } else {
                position += 1
            }
        }
        throw Refusal()
    }

    private mutating func escape() throws(Refusal) {
        guard position + 1 < bytes.count else { throw Refusal() }
        switch bytes[position + 1] {
        case UInt8(ascii: "u"):
            guard position + 6 <= bytes.count, (2..<6).allSatisfy({ ScannedText.hexadecimal(bytes[position + $0]) != nil }) else {
                throw Refusal()
            }
            position += 6
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"),
            UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 2
        default: throw Refusal()
        }
    }

    private mutating func scalar(_ node: Int) throws(Refusal) {
        let start = position
        while position < bytes.count, isScalarByte(bytes[position]) { position += 1 }
        guard let value = ScannedScalar(bytes[start..<position]) else { throw Refusal() }
        if let field = field(node) { found.take(field, value) }
    }

    private func isScalarByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."): true
        default: false
        }
    }

    private var current: UInt8 { position < bytes.count ? bytes[position] : 0 }

    private mutating func skipBlanks() {
        while position < bytes.count, bytes[position] <= 0x20 {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    // MARK: Table

    private func field(_ node: Int) -> EventField? { node >= 0 ? table.nodes[node].field : nil }

    private func member(_ key: ScannedText, of node: Int) -> Int {
        guard node >= 0 else { return EventTable.nowhere }
        let first = table.nodes[node].firstEdge
        for index in first..<first + table.nodes[node].edgeCount {
            let edge = table.edges[index]
            if key.hasEscapes {
                let name = String(decoding: table.names[edge.nameStart..<edge.nameStart + edge.nameCount], as: UTF8.self)
                if key.decoded(in: bytes) == name { return edge.node }
            } else if key.range.count == edge.nameCount, isSame(key.range.lowerBound, edge) {
                return edge.node
            }
        }
        return EventTable.nowhere
    }

    private func isSame(_ start: Int, _ edge: EventTable.Edge) -> Bool {
        for offset in 0..<edge.nameCount where bytes[start + offset] != table.names[edge.nameStart + offset] { return false }
        return true
    }
}

/// A string of a JSON text, still as it was written.
struct ScannedText {
    let range: Range<Int>
    let hasEscapes: Bool

    func decoded(in bytes: UnsafeRawBufferPointer) -> String {
        guard hasEscapes else { return String(decoding: bytes[range], as: UTF8.self) }
        var units: [UInt8] = []
        units.reserveCapacity(range.count)
        var index = range.lowerBound
        while index < range.upperBound {
            guard bytes[index] == UInt8(ascii: "\\") else {
                units.append(bytes[index])
                index += 1
                continue
            }
            index += 2
            switch bytes[index - 1] {
            case UInt8(ascii: "n"): units.append(0x0A)
            case UInt8(ascii: "t"): units.append(0x09)
            case UInt8(ascii: "r"): units.append(0x0D)
            case UInt8(ascii: "b"): units.append(0x08)
            case UInt8(ascii: "f"): units.append(0x0C)
            case UInt8(ascii: "u"): units += Array(String(scalar(&index, in: bytes)).utf8)
            case let other: units.append(other)
            }
        }
        return String(decoding: units, as: UTF8.self)
    }

    /// The character behind `\u`, of which a surrogate needs its other half; alone it becomes U+FFFD.
    private func scalar(_ index: inout Int, in bytes: UnsafeRawBufferPointer) -> Character {
        let high = unit(index, in: bytes)
        index += 4
        if (0xD800..<0xDC00).contains(high), index + 6 <= range.upperBound, bytes[index] == UInt8(ascii: "\\"),
            bytes[index + 1] == UInt8(ascii: "u")
        {
            let low = unit(index + 2, in: bytes)
            if (0xDC00..<0xE000).contains(low) {
                index += 6
                return Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00)).map(Character.init) ?? "\u{FFFD}"
            }
        }
        return Unicode.Scalar(high).map(Character.init) ?? "\u{FFFD}"
    }

    private func unit(_ start: Int, in bytes: UnsafeRawBufferPointer) -> UInt32 {
        (0..<4).reduce(0) { $0 << 4 | UInt32(Self.hexadecimal(bytes[start + $1]) ?? 0) }
    }

    static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}

/// A value that is neither a string nor a container.
enum ScannedScalar {
    case null, boolean(Bool), number(Double)
    /// `NaN` or an infinity.
    case notFinite

    init?(_ bytes: Slice<UnsafeRawBufferPointer>) {
        guard let first = bytes.first else { return nil }
        switch first {
        case UInt8(ascii: "n"), UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "N"), UInt8(ascii: "I"):
            self.init(word: bytes)
        default: self.init(number: bytes)
        }
    }

    private init?(word bytes: Slice<UnsafeRawBufferPointer>) {
        if bytes.elementsEqual("null".utf8) {
            self = .null
        } else if bytes.elementsEqual("true".utf8) {
            self = .boolean(true)
        } else if bytes.elementsEqual("false".utf8) {
            self = .boolean(false)
        } else if bytes.elementsEqual("NaN".utf8) || bytes.elementsEqual("Infinity".utf8) {
            self = .notFinite
        } else {
            return nil
        }
    }

    private init?(number bytes: Slice<UnsafeRawBufferPointer>) {
        let digits = bytes.first == UInt8(ascii: "-") ? bytes.dropFirst() : bytes[...]
        guard let first = digits.first, (0x30...0x39).contains(first) else {
            guard bytes.elementsEqual("-Infinity".utf8) else { return nil }
            self = .notFinite
            return
        }
        guard first != 0x30 || digits.count == 1 || !(0x30...0x39).contains(digits[digits.startIndex + 1]) else { return nil }
        if digits.count <= 15, digits.allSatisfy({ (0x30...0x39).contains($0) }) {
            let count = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
            self = .number(Double(digits.count == bytes.count ? count : -count))
        } else {
            guard let last = digits.last, (0x30...0x39).contains(last), !digits.contains(where: { ($0 | 0x20) == UInt8(ascii: "x") }),
                let number = Double(String(decoding: bytes, as: UTF8.self))
            else { return nil }
            self = number.isFinite ? .number(number) : .notFinite
        }
    }
}
