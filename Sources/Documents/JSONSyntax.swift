/// Looks again at JSON that simdjson refused: finds the first error with its place, or puts quotes around numbers that JSON cannot write.
///
/// simdjson says what is wrong but not where. This pass runs only after a refusal, so it is written to be clear rather than fast.
struct JSONSyntax {
    private let bytes: UnsafeRawBufferPointer
    private let maximumDepth: Int
    private var position = 0
    private var output: [UInt8] = []
    private var copiedUpTo = 0
    private var repairs = 0

    /// The same document with `NaN`, `Infinity`, `-Infinity` and numbers beyond the range of a Double in quotes.
    ///
    /// - Parameter reason: What simdjson said, for the case that no error is found here.
    /// - Throws: `DocumentError` with the first error's line and column.
    static func repaired(_ bytes: UnsafeRawBufferPointer, maximumDepth: Int, reason: String) throws -> [UInt8] {
        var syntax = JSONSyntax(bytes: bytes, maximumDepth: maximumDepth)
        try syntax.document()
        guard syntax.repairs > 0 else { throw DocumentError(.malformed, "expected JSON: \(reason)") }
        syntax.output.append(contentsOf: bytes[syntax.copiedUpTo...])
        return syntax.output
    }

    private init(bytes: UnsafeRawBufferPointer, maximumDepth: Int) {
        self.bytes = bytes
        self.maximumDepth = maximumDepth
    }

    private mutating func document() throws {
        skipBlanks()
        try value(depth: 0)
        skipBlanks()
        if position < bytes.count { throw unexpected("the end of the document") }
    }

    private mutating func value(depth: Int) throws {
        guard depth < maximumDepth else { throw error(.tooDeep, "expected at most \(maximumDepth) levels of nesting, found more") }
        guard let first = current else { throw unexpected("a value") }
        switch first {
        case "{": try list(end: "}", depth: depth, keyed: true)
        case "[": try list(end: "]", depth: depth, keyed: false)
        case "\"": try string()
        case "t": try word("true", quoted: false)
        case "f": try word("false", quoted: false)
        case "n": try word("null", quoted: false)
        case "N": try word("NaN", quoted: true)
        case "I": try word("Infinity", quoted: true)
        case "-" where matches("-Infinity"): try word("-Infinity", quoted: true)
        case "-" where matches("-NaN"): try word("-NaN", quoted: true)
        case "-", "0"..."9": try number()
        default: throw unexpected("a value")
        }
    }

    private mutating func list(end: Unicode.Scalar, depth: Int, keyed: Bool) throws {
        position += 1
        skipBlanks()
        if current == end { position += 1; return }
        while true {
            skipBlanks()
            if keyed { try key() }
            try value(depth: depth + 1)
            skipBlanks()
            if current == end { position += 1; return }
            guard current == "," else { throw unexpected("',' or '\(end)'") }
            position += 1
        }
    }

    private mutating func key() throws {
        guard current == "\"" else { throw unexpected("a key in double quotes") }
        try string()
        skipBlanks()
        guard current == ":" else { throw unexpected("':' after a key") }
        position += 1
        skipBlanks()
    }

    private mutating func string() throws {
        let start = position
        position += 1
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                try checkEncoding(start..<position)
                position += 1
                return
            case UInt8(ascii: "\\"): try escape()
            case 0..<0x20: throw error(.malformed, "expected a control character in a string to be escaped, found byte \(bytes[position])")
            default: position += 1
            }
        }
        position = start
        throw error(.malformed, "expected a closing '\"' for the string that starts here, found the end of the document")
    }

    private mutating func escape() throws {
        let next = position + 1 < bytes.count ? bytes[position + 1] : 0
        if next == UInt8(ascii: "u") {
            let digits = bytes[min(position + 2, bytes.count)..<min(position + 6, bytes.count)]
            let code = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
            guard digits.count == 4, let code else { throw error(.malformed, "expected four hexadecimal digits after '\\u'") }
            guard !(0xD800...0xDFFF).contains(code) || isSurrogatePair(at: position) else {
                throw error(.encoding, "expected a pair of surrogates, found '\\u\(String(code, radix: 16))' alone")
            }
            position += (0xD800...0xDFFF).contains(code) ? 12 : 6
        } else if "\"\\/bfnrt".utf8.contains(next) {
            position += 2
        } else {
            throw error(.malformed, "expected an escape such as '\\n' or '\\u000a'")
        }
    }

    private func isSurrogatePair(at start: Int) -> Bool {
        guard start + 12 <= bytes.count, bytes[start + 6] == UInt8(ascii: "\\"), bytes[start + 7] == UInt8(ascii: "u") else { return false }
        let high = UInt32(String(decoding: bytes[start + 2..<start + 6], as: UTF8.self), radix: 16) ?? 0
        let low = UInt32(String(decoding: bytes[start + 8..<start + 12], as: UTF8.self), radix: 16) ?? 0
        return (0xD800...0xDBFF).contains(high) && (0xDC00...0xDFFF).contains(low)
    }

    private func checkEncoding(_ range: Range<Int>) throws {
        guard String(validating: bytes[range], as: UTF8.self) == nil else { return }
        throw error(.encoding, "expected UTF-8 in the string that starts here", at: range.lowerBound)
    }

    private mutating func number() throws {
        let start = position
        while position < bytes.count, "+-.eE0123456789".utf8.contains(bytes[position]) { position += 1 }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        let isDigit = text.utf8.last.map { (0x30...0x39).contains($0) } ?? false
        let digits = text.drop { $0 == "-" }
        let leadingZero = digits.hasPrefix("0") && digits.utf8.dropFirst().first.map { (0x30...0x39).contains($0) } ?? false
        guard isDigit, !leadingZero, !digits.hasPrefix("."), !text.contains(".e"), !text.contains(".E"), let number = Double(text) else {
            throw error(.malformed, "expected a number, found '\(text.prefix(40))'", at: start)
        }
        let isHugeInteger = number.isFinite && abs(number) >= 9.2e18 && !text.utf8.contains { ".eE".utf8.contains($0) }
        if isHugeInteger || !number.isFinite { replace(start..<position, with: number.isFinite ? "\(number)" : "\"\(number)\"") }
    }

    private mutating func word(_ expected: String, quoted: Bool) throws {
        guard matches(expected) else { throw unexpected("'\(expected)'") }
        let start = position
        position += expected.utf8.count
        if quoted { replace(start..<position, with: "\"\(expected)\"") }
    }

    private mutating func replace(_ range: Range<Int>, with text: String) {
        output.append(contentsOf: bytes[copiedUpTo..<range.lowerBound])
        output.append(contentsOf: text.utf8)
        copiedUpTo = range.upperBound
        repairs += 1
    }

    private var current: Unicode.Scalar? { position < bytes.count ? Unicode.Scalar(bytes[position]) : nil }

    private func matches(_ word: String) -> Bool {
        position + word.utf8.count <= bytes.count && word.utf8.elementsEqual(bytes[position..<position + word.utf8.count])
    }

    private mutating func skipBlanks() {
        while position < bytes.count, " \t\n\r".utf8.contains(bytes[position]) { position += 1 }
    }

    private func unexpected(_ wanted: String) -> DocumentError {
        guard position < bytes.count else {
            return error(.malformed, "expected \(wanted), found the end of the document; it may be cut off")
        }
        let byte = bytes[position]
        let found = byte > 0x20 && byte < 0x7F ? "'\(Unicode.Scalar(byte))'" : "byte \(byte)"
        return error(.malformed, "expected \(wanted), found \(found)")
    }

    private func error(_ kind: DocumentError.Kind, _ message: String, at place: Int? = nil) -> DocumentError {
        let offset = place ?? position
        let before = bytes[..<offset]
        let line = before.count { $0 == UInt8(ascii: "\n") } + 1
        let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        return DocumentError(kind, message, line: line, column: offset - lineStart + 1, byteOffset: offset)
    }
}
