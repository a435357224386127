internal import Yams

/// A YAML text that is fit for Yams: within its size, UTF-8, free of control characters, its aliases disguised.
struct YAMLSource {
    /// What stands in for `*`; a private-use character that the original text does not contain.
    let aliasMarker: Unicode.Scalar
    /// The text for Yams; as many characters in as many lines as the original.
    let text: String

    /// - Throws: `DocumentError` with line and column.
    init(_ bytes: UnsafeRawBufferPointer, limits: DocumentLimits) throws {
        guard bytes.count <= limits.bytes else {
            throw DocumentError(.tooLarge, "expected at most \(limits.bytes) bytes of YAML, found \(bytes.count)")
        }
        if bytes.count >= 2, (bytes[0] == 0xFF && bytes[1] == 0xFE) || (bytes[0] == 0xFE && bytes[1] == 0xFF) {
            throw DocumentError(.encoding, "expected UTF-8, found UTF-16; save the file as UTF-8", line: 1, column: 1)
        }
        let content = withoutByteOrderMark(bytes)
        try Self.refuseControlCharacters(content)
        guard let original = String(validating: content, as: UTF8.self) else { throw Self.encodingError(content) }
        guard original.utf8.contains(UInt8(ascii: "*")) else {
            (aliasMarker, text) = ("\u{E000}", original)
            return
        }
        guard let marker = Self.unusedScalar(in: original) else {
            throw DocumentError(.encoding, "expected a text that leaves some private-use characters unused")
        }
        aliasMarker = marker
        var disguised = String.UnicodeScalarView()
        for scalar in original.unicodeScalars { disguised.append(scalar == "*" ? marker : scalar) }
        text = String(disguised)
    }

    /// A part of the text as it was written.
    func restored(_ part: String) -> String {
        guard part.unicodeScalars.contains(aliasMarker) else { return part }
        var view = String.UnicodeScalarView()
        for scalar in part.unicodeScalars { view.append(scalar == aliasMarker ? "*" : scalar) }
        return String(view)
    }

    private static func unusedScalar(in text: String) -> Unicode.Scalar? {
        var used: Set<Unicode.Scalar> = []
        for scalar in text.unicodeScalars where (0xE000...0xF8FF).contains(scalar.value) { used.insert(scalar) }
        return (UInt32(0xE000)...0xF8FF).lazy.compactMap(Unicode.Scalar.init).first { !used.contains($0) }
    }

    private static func refuseControlCharacters(_ bytes: UnsafeRawBufferPointer) throws {
        let found = bytes.firstIndex { $0 < 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D || $0 == 0x7F }
        guard let found else { return }
        let name = bytes[found] == 0 ? "a NUL byte; the file may be binary or UTF-16" : "the control character \(bytes[found])"
        throw place(of: found, in: bytes, .encoding, "expected text, found \(name)")
    }

    private static func encodingError(_ bytes: UnsafeRawBufferPointer) -> DocumentError {
        var offset = 0
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        decoding: while true {
            switch decoder.decode(&iterator) {
            case .scalarValue(let scalar): offset += UTF8.width(scalar)
            case .emptyInput, .error: break decoding
            }
        }
        let byte = offset < bytes.count ? "byte \(bytes[offset])" : "an incomplete character at the end"
        return place(of: min(offset, bytes.count), in: bytes, .encoding, "expected UTF-8, found \(byte)")
    }

    private static func place(
        of offset: Int, in bytes: UnsafeRawBufferPointer, _ kind: DocumentError.Kind, _ message: String
    ) -> DocumentError {
        let before = bytes[..<offset]
        let line = before.count { $0 == 0x0A } + 1
        let start = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        let column = String(decoding: bytes[start..<offset], as: UTF8.self).unicodeScalars.count + 1
        return DocumentError(kind, message, line: line, column: column, byteOffset: offset)
    }
}

extension YAMLSource {
    /// Yams' error with its place and in our words.
    func documentError(_ error: YamlError) -> DocumentError {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            syntaxError(problem, context: context?.text, line: mark.line, column: mark.column)
        case .duplicatedKeysInMapping(let keys, let context):
            duplicateKey(keys.first ?? "", firstLine: context.mark.line, column: context.mark.column)
        case .reader(let problem, let offset, _, _): readerError(problem, characterOffset: offset)
        default: DocumentError(.malformed, "expected YAML: \(error)")
        }
    }

    private func syntaxError(_ problem: String, context: String?, line: Int, column: Int) -> DocumentError {
        let indentation = lines.dropFirst(line - 1).first?.prefix { $0 == " " || $0 == "\t" } ?? ""
        if indentation.contains("\t") {
            let column = indentation.prefix { $0 == " " }.count + 1
            return DocumentError(.malformed, "found a tab in the indentation; YAML is indented with spaces", line: line, column: column)
        }
        let explanation = context.map { "\(problem), \($0)" } ?? problem
        return DocumentError(.malformed, "expected YAML: \(restored(explanation))", line: line, column: column)
    }

    /// Yams gives the first place of a key; readers want the second.
    private func duplicateKey(_ key: String, firstLine: Int, column: Int) -> DocumentError {
        let name = restored(key)
        let following = lines.enumerated().dropFirst(firstLine)
        let again = following.first { _, line in
            let rest = line.unicodeScalars.dropFirst(column - 1)
            let spellings = [name, "\"\(name)\"", "'\(name)'"]
            return spellings.contains { spelling in
                rest.starts(with: spelling.unicodeScalars)
                    && rest.dropFirst(spelling.unicodeScalars.count).drop { $0 == " " }.first == ":"
            }
        }
        guard let again else {
            return DocumentError(.duplicateKey, "the key '\(name)' is given twice in this mapping", line: firstLine, column: column)
        }
        let message = "the key '\(name)' is given twice; the first is in line \(firstLine)"
        return DocumentError(.duplicateKey, message, line: again.offset + 1, column: column)
    }

    private func readerError(_ problem: String, characterOffset: Int?) -> DocumentError {
        let before = text.prefix(characterOffset ?? 0)
        let line = before.count { $0.isNewline } + 1
        let column = before.reversed().prefix { !$0.isNewline }.count + 1
        return DocumentError(.encoding, "expected YAML: \(problem)", line: line, column: column)
    }

    private var lines: [Substring] { text.split(omittingEmptySubsequences: false) { $0.isNewline } }
}
