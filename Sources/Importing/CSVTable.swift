/// CSV text read by RFC 4180: quoted fields may hold commas, doubled quotes and line breaks.
struct CSVReader {
    private let text: [UInt8]
    private var position = 0
    /// The 1-based line on which the last record started.
    private(set) var line = 0
    private var nextLine = 1

    init(_ content: [UInt8]) {
        text = content.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(content.dropFirst(3)) : content
    }

    /// The next record; `nil` at the end. A blank line is a record of one empty field.
    mutating func next() -> [String]? {
        guard position < text.count else { return nil }
        line = nextLine
        var fields: [String] = []
        while true {
            fields.append(field())
            guard position < text.count else { return fields }
            let separator = text[position]
            position += 1
            if separator == UInt8(ascii: ",") {
                if position == text.count { return fields + [""] }
                continue
            }
            if separator == 0x0D, position < text.count, text[position] == 0x0A { position += 1 }
            nextLine += 1
            return fields
        }
    }

    /// Reads up to, not including, a comma or an end of line.
    private mutating func field() -> String {
        if position < text.count, text[position] == UInt8(ascii: "\"") { return quotedField() }
        let start = position
        while position < text.count, !isSeparator(text[position]) { position += 1 }
        return String(decoding: text[start..<position], as: UTF8.self)
    }

    private mutating func quotedField() -> String {
        position += 1
        var value: [UInt8] = []
        while position < text.count {
            let byte = text[position]
            position += 1
            if byte == UInt8(ascii: "\"") {
                guard position < text.count, text[position] == byte else { break }
                position += 1
            }
            if byte == 0x0A { nextLine += 1 }
            value.append(byte)
        }
        // What follows a closing quote up to the separator is kept as it is.
        while position < text.count, !isSeparator(text[position]) {
            value.append(text[position])
            position += 1
        }
        return String(decoding: value, as: UTF8.self)
    }

    private func isSeparator(_ byte: UInt8) -> Bool { byte == UInt8(ascii: ",") || byte == 0x0A || byte == 0x0D }
}

/// The fields of one line of CSV, by the column names of a header.
struct CSVRow {
    private var fields: [String] = []

    /// - Throws: `RecordProblem` where the line has not as many fields as the header.
    mutating func read(_ line: UnsafeRawBufferPointer, columns: Int) throws(RecordProblem) {
        var reader = CSVReader(Array(line))
        fields = reader.next() ?? []
        guard fields.count == columns else {
            throw RecordProblem(reason: "expected \(columns) fields as in the header, found \(fields.count); the line may be cut off")
        }
        if reader.next() != nil { throw RecordProblem(reason: "expected one record in a line, found more") }
    }

    subscript(column: Int) -> String { fields[column] }
}
