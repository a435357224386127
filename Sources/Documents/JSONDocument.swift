internal import CSimdjson

/// Reads whole JSON documents, within bounds.
///
/// Bare `NaN`, `Infinity` and `-Infinity`, which Python writes, are accepted and read as strings, so that ``DocumentValue/number`` says
/// ``NumberReading/notFinite``. A byte order mark is accepted.
public enum JSONDocument {
    /// - Parameter omitting: Keys whose values are left out of the result, for texts that are large and not needed.
    /// - Throws: `DocumentError` with line and column.
    public static func parse(_ text: String, omitting: Set<String> = [], limits: DocumentLimits = .json) throws -> DocumentValue {
        var text = text
        return try text.withUTF8 { try parse(UnsafeRawBufferPointer($0), omitting: omitting, limits: limits) }
    }

    /// - Parameter bytes: UTF-8, borrowed for the call.
    /// - Throws: `DocumentError` with line and column.
    public static func parse(
        _ bytes: UnsafeRawBufferPointer, omitting: Set<String> = [], limits: DocumentLimits = .json
    ) throws -> DocumentValue {
        let content = withoutByteOrderMark(bytes)
        guard content.count <= limits.bytes else {
            throw DocumentError(.tooLarge, "expected at most \(limits.bytes) bytes of JSON, found \(content.count)")
        }
        let parser = try TapeParser(limits: limits)
        let padded = PaddedBytes(content)
        do {
            return try parser.parse(padded.bytes, omitting: omitting)
        } catch let failure as TapeFailure {
            let readable = try JSONSyntax.repaired(padded.bytes, maximumDepth: limits.depth, reason: failure.text)
            return try readable.withUnsafeBytes { repaired in
                let second = PaddedBytes(repaired)
                do {
                    return try parser.parse(second.bytes, omitting: omitting)
                } catch let failure as TapeFailure {
                    throw DocumentError(.malformed, "expected JSON: \(failure.text)")
                }
            }
        }
    }
}

/// simdjson's own words for why it refused a text.
struct TapeFailure: Error {
    let text: String
}

/// Owns a simdjson parser and turns its tape into values.
///
/// The tape's format is described in simdjson's `doc/tape.md`: 64-bit words, the type in the upper 8 bits and a payload in the lower 56.
final class TapeParser {
    private let parser: OpaquePointer

    init(limits: DocumentLimits) throws {
        guard let parser = csimdjson_parser_create(limits.bytes, limits.depth) else {
            throw DocumentError(.tooLarge, "cannot read JSON: no memory for a parser")
        }
        self.parser = parser
    }

    deinit { csimdjson_parser_destroy(parser) }

    /// - Parameter bytes: Followed by the padding simdjson needs.
    func parse(_ bytes: UnsafeRawBufferPointer, omitting: Set<String>) throws -> DocumentValue {
        var words: UnsafePointer<UInt64>?
        var strings: UnsafePointer<UInt8>?
        let start = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
        let code = csimdjson_parse(parser, start, bytes.count, &words, &strings)
        guard code == 0, let words, let strings else { throw TapeFailure(text: String(cString: csimdjson_error_text(code))) }
        var cursor = TapeCursor(words: words, strings: strings, omitting: omitting)
        return cursor.value()
    }
}

private struct TapeCursor {
    let words: UnsafePointer<UInt64>
    let strings: UnsafePointer<UInt8>
    let omitting: Set<String>
    var position = 1  // Word 0 is the root.

    mutating func value() -> DocumentValue {
        let word = words[position]
        position += 1
        switch Unicode.Scalar(UInt8(word >> 56)) {
        case "{": return object(end: containerEnd(word))
        case "[": return array(end: containerEnd(word))
        case "\"": return .string(string(word))
        case "l": return .integer(Int64(bitPattern: nextWord()))
        case "u": return .double(Double(nextWord()))
        case "d": return .double(Double(bitPattern: nextWord()))
        case "t": return .boolean(true)
        case "f": return .boolean(false)
        default: return .null
        }
    }

    private mutating func nextWord() -> UInt64 {
        defer { position += 1 }
        return words[position]
    }

    private mutating func object(end: Int) -> DocumentValue {
        var members: [DocumentValue.Member] = []
        while position < end - 1 {
            let key = string(nextWord())
            if !omitting.isEmpty && omitting.contains(key) { skip() } else { members.append(.init(key: key, value: value())) }
        }
        position = end
        return .object(members)
    }

    private mutating func array(end: Int) -> DocumentValue {
        var elements: [DocumentValue] = []
        while position < end - 1 { elements.append(value()) }
        position = end
        return .array(elements)
    }

    private mutating func skip() {
        let word = nextWord()
        switch Unicode.Scalar(UInt8(word >> 56)) {
        case "{", "[": position = containerEnd(word)
        case "l", "u", "d": position += 1
        default: break
        }
    }

    /// The index after the closing word.
    private func containerEnd(_ word: UInt64) -> Int { Int(word & 0xFFFF_FFFF) }

    private func string(_ word: UInt64) -> String {
        let start = strings + Int(word & 0x00FF_FFFF_FFFF_FFFF)
        let length = UnsafeRawPointer(start).loadUnaligned(as: UInt32.self)
        return String(decoding: UnsafeBufferPointer(start: start + 4, count: Int(length)), as: UTF8.self)
    }
}
