/// What a place that should hold a number held: missing, zero and not finite are three different things.
public enum NumberReading: Sendable, Hashable {
    case finite(Double)
    /// NaN or an infinity, as a token or as a string.
    case notFinite
    /// Absent, null or, in a CSV file, empty.
    case missing
    /// Something else altogether.
    case notANumber

    public init(_ value: Double) { self = value.isFinite ? .finite(value) : .notFinite }

    /// Reads the text of a CSV cell.
    public init(cell text: some StringProtocol) {
        switch text.lowercased() {
        case "", "none", "null", "n/a", "-": self = .missing
        case let word where Self.isNotFinite(word): self = .notFinite
        case let word: self = Double(word).map { NumberReading($0) } ?? .notANumber
        }
    }

    /// The number, where there is one.
    public var value: Double? {
        if case .finite(let value) = self { value } else { nil }
    }

    public var isMissing: Bool { self == .missing }

    /// The number under a function, the other cases unchanged; a result that is not finite is said to be so.
    public func map(_ transform: (Double) -> Double) -> NumberReading {
        if case .finite(let value) = self { NumberReading(transform(value)) } else { self }
    }

    /// Whether a text is one of the usual ways to write NaN or an infinity.
    static func isNotFinite(_ text: some StringProtocol) -> Bool {
        let bytes = text.utf8
        guard (3...9).contains(bytes.count) else { return false }
        var word = text.lowercased()
        if word.hasPrefix("+") || word.hasPrefix("-") { word.removeFirst() }
        return word == "nan" || word == "inf" || word == "infinity"
    }
}
