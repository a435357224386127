/// Something to say about a policy file, with its place.
public struct Diagnostic: Sendable, Codable, Hashable {
    public var severity: Severity
    public var file: String
    /// 1-based.
    public var line: Int
    /// 1-based, in Unicode scalars.
    public var column: Int
    /// How many scalars to underline, at least 1.
    public var length: Int
    /// What was found and what is expected, without a full stop.
    public var message: String
    /// What was probably meant, to be written in the place of what is underlined.
    public var suggestion: String?

    public enum Severity: String, Sendable, Codable, Hashable, CaseIterable {
        /// The file is not used.
        case error
        /// Legal, but probably not what was meant.
        case warning
    }

    public init(
        severity: Severity, file: String, line: Int, column: Int, length: Int = 1, message: String, suggestion: String? = nil
    ) {
        self.severity = severity
        self.file = file
        self.line = line
        self.column = column
        self.length = length
        self.message = message
        self.suggestion = suggestion
    }
}

extension Diagnostic: CustomStringConvertible {
    /// `policies/chat.yaml:14:9: error: unknown field 'cool_down'; did you mean 'cooldown'?`
    public var description: String {
        let question = suggestion.map { "; did you mean '\($0)'?" } ?? ""
        return "\(file):\(line):\(column): \(severity.rawValue): \(message)\(question)"
    }
}

/// The lines of a file, for showing what a diagnostic is about.
public struct SourceText: Sendable {
    private let lines: [Substring.UnicodeScalarView]

    public init(_ text: String) {
        lines = text.unicodeScalars.split(omittingEmptySubsequences: false) { $0 == "\n" }.map { Substring($0).unicodeScalars }
    }

    /// Widest excerpt of a line shown, in scalars.
    private static let widestExcerpt = 110

    /// The diagnostic, its source line and an underline; the message alone where the line does not exist.
    public func rendered(_ diagnostic: Diagnostic) -> String {
        guard lines.indices.contains(diagnostic.line - 1) else { return diagnostic.description }
        var line = Array(lines[diagnostic.line - 1]).map { $0.properties.generalCategory == .control && $0 != "\t" ? "\u{FFFD}" : $0 }
        if line.last == "\u{FFFD}" { line.removeLast() }  // The carriage return of a Windows line end.
        Self.hideCredentials(in: &line)
        let column = min(max(diagnostic.column - 1, 0), line.count)
        let first = max(0, column - Self.widestExcerpt / 2)
        let excerpt = line[min(first, line.count)..<min(line.count, first + Self.widestExcerpt)]
        let before = excerpt.prefix(column - first).map { $0 == "\t" ? "\t" : " " }.joined()
        let length = max(1, min(diagnostic.length, excerpt.endIndex - column))
        let number = String(diagnostic.line)
        let margin = String(repeating: " ", count: max(0, 5 - number.count))
        return """
            \(diagnostic)
            \(margin)\(number) | \(String(String.UnicodeScalarView(excerpt)))
                  | \(before)^\(String(repeating: "~", count: length - 1))
            """
    }

    /// Dots in the place of the user and password of a URL, `http://user:password@host`: diagnostics end up in logs.
    private static func hideCredentials(in line: inout [Unicode.Scalar]) {
        var index = 0
        while index + 2 < line.count {
            guard line[index] == ":", line[index + 1] == "/", line[index + 2] == "/" else {
                index += 1
                continue
            }
            let start = index + 3
            let end = line[start...].firstIndex { "/?#\"' ,}".unicodeScalars.contains($0) } ?? line.endIndex
            if let at = line[start..<end].lastIndex(of: "@") {
                for position in start..<at { line[position] = "•" }
            }
            index = end
        }
    }

    /// All of them, in the order of the file, an empty line between two.
    public func rendered(_ diagnostics: [Diagnostic]) -> String { diagnostics.map { rendered($0) }.joined(separator: "\n") }
}

/// Collects diagnostics up to a limit, beyond which they are only counted.
package struct DiagnosticLog {
    package let file: String
    package private(set) var diagnostics: [Diagnostic] = []
    package private(set) var omitted = 0
    package private(set) var hasErrors = false

    package static let limit = 100

    package init(file: String) { self.file = file }

    package mutating func error(_ place: Place, _ message: String, suggestion: String? = nil) {
        hasErrors = true
        add(.error, place, message, suggestion)
    }

    package mutating func warning(_ place: Place, _ message: String) { add(.warning, place, message, nil) }

    private mutating func add(_ severity: Diagnostic.Severity, _ place: Place, _ message: String, _ suggestion: String?) {
        guard diagnostics.count < Self.limit else {
            omitted += 1
            return
        }
        diagnostics.append(
            Diagnostic(
                severity: severity, file: file, line: place.line, column: place.column, length: place.length, message: message,
                suggestion: suggestion))
    }

    /// What was collected, in the order of the file, and a last line that counts what was left out.
    package var report: [Diagnostic] {
        let sorted = diagnostics.enumerated().sorted {
            ($0.element.line, $0.element.column, $0.offset) < ($1.element.line, $1.element.column, $1.offset)
        }.map(\.element)
        guard omitted > 0, let last = sorted.last else { return sorted }
        let note = "and \(omitted) more; these are shown once the ones above are mended"
        return sorted + [Diagnostic(severity: .error, file: file, line: last.line, column: last.column, message: note)]
    }
}

/// Where something stands in a file.
package struct Place: Sendable, Hashable {
    package var line: Int
    package var column: Int
    package var length: Int

    package static let start = Place(line: 1, column: 1, length: 1)
}
