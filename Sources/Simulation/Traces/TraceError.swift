import Measurements

/// Why a text is not a trace, a table of rates or a table of engines.
public struct TraceError: Error, Sendable, Hashable, CustomStringConvertible {
    /// 1-based; `nil` where the whole text is meant.
    public let line: Int?
    public let problem: String

    public init(line: Int? = nil, _ problem: String) {
        self.line = line
        self.problem = problem
    }

    public var description: String { line.map { "line \($0): \(problem)" } ?? problem }
}

/// Bounds on what is read from traces: sums stay within 64 bits, and a hostile file within memory.
enum TraceLimits {
    static let requests = 50_000_000
    static let tokens = 1...16_777_216
    static let seconds = 0.0...100 * 86_400
    static let rate = 0.0...1e7
}

/// Lines of fields between commas, without quotes: numbers and times.
struct NumberTable {
    private let text: [UInt8]
    private let columns: [String]
    private var position = 0
    private var fields: [Range<Int>] = []
    /// Of the present row, 1-based.
    private(set) var line = 1

    /// Reads the header.
    init(_ text: [UInt8]) throws(TraceError) {
        self.text = text
        if text.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        let header = Self.nextLine(of: text, from: &position)
        guard header.count <= 4_096, !header.isEmpty else {
            throw TraceError(line: 1, "expected the names of columns between commas, found \(header.count) bytes without a line break")
        }
        columns = Self.split(text, header, most: header.count).map { Self.word(text, $0).lowercased() }
    }

    /// The number of a column by one of its names, in any case.
    func column(_ names: String...) -> Int? { names.lazy.compactMap { columns.firstIndex(of: $0.lowercased()) }.first }

    func column(required names: String...) throws(TraceError) -> Int {
        for name in names { if let found = column(name) { return found } }
        let found = columns.map { ForeignText.printable(String($0.prefix(40))) }.prefix(12).joined(separator: ", ")
        throw TraceError(line: 1, "expected a column '\(names.joined(separator: "' or '"))', found \(found)")
    }

    /// Goes to the next row that is not blank; `false` at the end.
    mutating func next() throws(TraceError) -> Bool {
        while position < text.count {
            line += 1
            let range = Self.nextLine(of: text, from: &position)
            if range.isEmpty { continue }
            fields = Self.split(text, range, most: columns.count)
            guard fields.count == columns.count else {
                let found = fields.count > columns.count ? "more" : "\(fields.count)"
                throw TraceError(line: line, "expected \(columns.count) fields as in the header, found \(found)")
            }
            return true
        }
        return false
    }

    func text(_ column: Int) -> String { Self.word(text, fields[column]) }

    func number(_ column: Int, in range: ClosedRange<Double>) throws(TraceError) -> Double {
        let word = text(column)
        guard let number = Double(word), range.contains(number) else { throw unexpected(word, column, "\(range)") }
        return number
    }

    /// A whole number, also one written as `12.0`.
    func count(_ column: Int, in range: ClosedRange<Int>) throws(TraceError) -> Int {
        let word = text(column)
        guard let count = Int(word) ?? Double(word).flatMap(Int.init(exactly:)), range.contains(count) else {
            throw unexpected(word, column, "a whole number in \(range)")
        }
        return count
    }

    func unexpected(_ word: String, _ column: Int, _ expected: String) -> TraceError {
        let name = ForeignText.printable(String(columns[column].prefix(40)))
        return TraceError(line: line, "'\(name)' is '\(ForeignText.printable(String(word.prefix(40))))', expected \(expected)")
    }

    // MARK: Bytes

    /// The next line without its end.
    private static func nextLine(of text: [UInt8], from position: inout Int) -> Range<Int> {
        let start = position
        let end = text[start...].firstIndex(of: 0x0A) ?? text.count
        position = end + 1
        return end > start && text[end - 1] == 0x0D ? start..<end - 1 : start..<end
    }

    /// - Parameter most: Of more fields than these one is returned, and the rest is not looked at.
    private static func split(_ text: [UInt8], _ range: Range<Int>, most: Int) -> [Range<Int>] {
        var fields: [Range<Int>] = []
        var start = range.lowerBound
        for index in range where text[index] == UInt8(ascii: ",") {
            fields.append(start..<index)
            start = index + 1
            if fields.count > most { return fields }
        }
        return fields + [start..<range.upperBound]
    }

    private static func word(_ text: [UInt8], _ range: Range<Int>) -> String {
        let slice = text[range].drop { $0 == 0x20 }
        return String(decoding: slice, as: UTF8.self)
    }
}
