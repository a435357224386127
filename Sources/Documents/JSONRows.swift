internal import CSimdjson

/// Reads lines of JSON, each an object, into a fixed row of values: one call into simdjson a line and no allocation a field.
public final class JSONRows {
    private let rows: OpaquePointer
    private let slots: UnsafeMutablePointer<csimdjson_slot>
    private let count: Int
    private let maximumDepth: Int
    /// Keeps the text of a repaired line alive while its strings are read.
    private var repairedLine: PaddedBytes?

    /// - Parameter paths: Keys, nested ones joined by `/`; the position of a path is the number of its column.
    /// - Throws: `DocumentError` when memory is exhausted.
    public init(paths: [String], maximumDepth: Int = 100) throws {
        count = paths.count
        self.maximumDepth = maximumDepth
        let copies = paths.map { path in
            let copy = UnsafeMutablePointer<CChar>.allocate(capacity: path.utf8.count + 1)
            for (index, byte) in path.utf8CString.enumerated() { copy[index] = byte }
            return UnsafePointer(copy)
        }
        defer { for copy in copies { copy.deallocate() } }
        let optional = copies.map(Optional.some)
        guard let rows = csimdjson_rows_create(optional, count, maximumDepth) else {
            throw DocumentError(.tooLarge, "cannot read JSON lines: no memory for a parser")
        }
        self.rows = rows
        slots = UnsafeMutablePointer<csimdjson_slot>.allocate(capacity: max(1, count))
        slots.initialize(repeating: csimdjson_slot(), count: max(1, count))
    }

    deinit {
        csimdjson_rows_destroy(rows)
        slots.deallocate()
    }

    /// Reads one line; the values stay until the next call.
    ///
    /// - Parameter line: From ``LineReader``, which leaves the readable bytes after it that simdjson needs.
    /// - Throws: `DocumentError` whose line is always 1 and whose column is the place in the line.
    public func read(_ line: LineReader.Line) throws { try read(padded: line.bytes) }

    /// Reads one line from a text.
    public func read(_ text: String) throws {
        var text = text
        let padded = text.withUTF8 { PaddedBytes(UnsafeRawBufferPointer($0)) }
        repairedLine = padded
        try read(padded: padded.bytes)
    }

    private func read(padded bytes: UnsafeRawBufferPointer) throws {
        let code = csimdjson_rows_read(rows, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count, slots)
        if code != 0 { try readRepaired(bytes, reason: String(cString: csimdjson_error_text(code))) }
    }

    private func readRepaired(_ bytes: UnsafeRawBufferPointer, reason: String) throws {
        let first = bytes.first { $0 != 0x20 && $0 != 0x09 }
        guard first == UInt8(ascii: "{") else {
            throw DocumentError(.malformed, "expected a JSON object that starts with '{'", line: 1, column: 1, byteOffset: 0)
        }
        let repaired = try JSONSyntax.repaired(bytes, maximumDepth: maximumDepth, reason: reason)
        let padded = repaired.withUnsafeBytes { PaddedBytes($0) }
        repairedLine = padded
        let start = padded.bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
        let code = csimdjson_rows_read(rows, start, padded.bytes.count, slots)
        guard code == 0 else { throw DocumentError(.malformed, "expected a JSON object: \(String(cString: csimdjson_error_text(code)))") }
    }

    /// The number in a column.
    public func number(_ column: Int) -> NumberReading {
        let slot = slots[column]
        switch csimdjson_kind(UInt32(slot.kind)) {
        case CSIMDJSON_DOUBLE, CSIMDJSON_INTEGER: return .finite(slot.number)
        case CSIMDJSON_MISSING, CSIMDJSON_NULL: return .missing
        case CSIMDJSON_STRING:
            guard slot.count <= 9, let text = text(column) else { return .notANumber }
            return NumberReading.isNotFinite(text) ? .notFinite : .notANumber
        default: return .notANumber
        }
    }

    /// The whole number in a column, exact beyond what a Double holds; `nil` for everything else.
    public func integer(_ column: Int) -> Int64? {
        let slot = slots[column]
        switch csimdjson_kind(UInt32(slot.kind)) {
        case CSIMDJSON_INTEGER: return slot.integer
        case CSIMDJSON_DOUBLE: return Int64(exactly: slot.number)
        default: return nil
        }
    }

    public func boolean(_ column: Int) -> Bool? {
        csimdjson_kind(UInt32(slots[column].kind)) == CSIMDJSON_BOOLEAN ? slots[column].integer != 0 : nil
    }

    /// The UTF-8 bytes of a string; they live until the next line is read. `nil` for everything else.
    public func textBytes(_ column: Int) -> UnsafeRawBufferPointer? {
        guard csimdjson_kind(UInt32(slots[column].kind)) == CSIMDJSON_STRING else { return nil }
        return UnsafeRawBufferPointer(start: slots[column].text, count: slots[column].count)
    }

    /// A copy of the string in a column.
    public func text(_ column: Int) -> String? { textBytes(column).map { String(decoding: $0, as: UTF8.self) } }

    /// The numbers of a list, NaN for members that are not finite numbers; they live until the next line is read.
    public func numbers(_ column: Int) -> UnsafeBufferPointer<Double>? {
        guard csimdjson_kind(UInt32(slots[column].kind)) == CSIMDJSON_NUMBERS else { return nil }
        return UnsafeBufferPointer(start: slots[column].numbers, count: slots[column].count)
    }

    /// Whether a column holds anything but null.
    public func isPresent(_ column: Int) -> Bool {
        let kind = csimdjson_kind(UInt32(slots[column].kind))
        return kind != CSIMDJSON_MISSING && kind != CSIMDJSON_NULL
    }
}
