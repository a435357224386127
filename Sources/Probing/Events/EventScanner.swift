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
