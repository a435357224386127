public import Documents
import Measurements

/// A file of prices, YAML or JSON.
///
/// ```yaml
/// asOf: 2026-10-01              # the day the prices were looked up
/// currency: EUR                 # USD unless told
/// source: our contract          # where they are from
/// prices:                       # per million tokens
/// - model: gpt-4o*              # a name, or the beginning of names and *
///   provider: openai            # any unless told
///   input: 2.30
///   cachedInput: 1.15           # as input unless told
///   output: 9.20
/// ```
public enum PriceFile {
    /// The most rows that are read.
    public static let maximumPrices = 10_000

    /// - Throws: `PriceFileError` with every problem of the file, `DocumentError` where it is no YAML.
    public static func table(_ node: YAMLNode) throws(PriceFileError) -> PriceTable {
        var reader = PriceReader()
        let table = reader.table(node)
        guard let table, reader.problems.isEmpty else { throw PriceFileError(problems: reader.problems) }
        return table
    }

    /// Reads a text.
    public static func table(_ text: String) throws -> PriceTable {
        let documents = try YAMLDocument.parseAll(text)
        guard let root = documents.first, documents.count == 1 else {
            let mark = YAMLNode.Mark(line: 1, column: 1)
            throw PriceFileError(problems: [.init(mark: mark, message: "expected one document with prices, found \(documents.count)")])
        }
        return try table(root)
    }
}

/// All that is wrong with a price file.
public struct PriceFileError: Error, Sendable, Hashable, CustomStringConvertible {
    public let problems: [Problem]

    public struct Problem: Sendable, Hashable, CustomStringConvertible {
        public let mark: YAMLNode.Mark
        public let message: String

        public var description: String { "\(mark): error: \(message)" }
    }

    public var description: String { problems.map(\.description).joined(separator: "\n") }
}

/// Reads the nodes of a price file and keeps what is wrong with them.
private struct PriceReader {
    var problems: [PriceFileError.Problem] = []

    mutating func table(_ root: YAMLNode) -> PriceTable? {
        guard root.mapping != nil else {
            refuse(root.mark, "expected a mapping with 'asOf' and 'prices', found \(root.kindName)")
            return nil
        }
        refuseUnknown(root, ["asOf", "currency", "source", "prices"])
        let asOf = date(root)
        let currency = root["currency"].map { text($0, "currency") } ?? "USD"
        let source = root["source"].map { text($0, "source") } ?? "price file"
        guard let rows = root["prices"]?.sequence, rows.count <= PriceFile.maximumPrices else {
            refuse(root["prices"]?.mark ?? root.mark, "expected 'prices' to be a list of at most \(PriceFile.maximumPrices) models")
            return nil
        }
        let prices = rows.compactMap { price($0) }
        return PriceTable(currency: currency, asOf: asOf, source: source, prices: prices)
    }

    private mutating func price(_ row: YAMLNode) -> ModelPrice? {
        guard row.mapping != nil else {
            refuse(row.mark, "expected a model with its prices, found \(row.kindName)")
            return nil
        }
        refuseUnknown(row, ["model", "provider", "input", "output", "cachedInput"])
        guard let model = row["model"] else {
            refuse(row.mark, "'model' is missing")
            return nil
        }
        let name = text(model, "model")
        if name.dropLast().contains("*") {
            refuse(model.mark, "expected '*' at the end of a name only, found '\(ForeignText.printable(name))'")
        }
        return ModelPrice(
            provider: row["provider"].map { text($0, "provider") }, model: name, inputPerMillion: amount(row, "input") ?? 0,
            outputPerMillion: amount(row, "output") ?? 0, cachedInputPerMillion: amount(row, "cachedInput", isRequired: false))
    }

    private mutating func date(_ root: YAMLNode) -> String {
        guard let node = root["asOf"] else {
            refuse(root.mark, "'asOf' is missing: prices without a day say nothing; write the day they were looked up, such as 2026-10-01")
            return ""
        }
        let day = node.scalar ?? ""
        if Timestamp(iso8601: day + "T00:00:00Z") == nil { refuse(node.mark, "expected a day such as 2026-10-01, found \(node.kindName)") }
        return day
    }

    private mutating func amount(_ row: YAMLNode, _ key: String, isRequired: Bool = true) -> Double? {
        guard let node = row[key] else {
            if isRequired { refuse(row.mark, "'\(key)' is missing: the price of a million tokens, 0 where they are free") }
            return nil
        }
        guard case .scalar(_, .plain) = node.content, let value = node.value.number.value, (0...1_000_000).contains(value) else {
            refuse(node.mark, "expected a price per million tokens from 0 to 1000000, found \(node.kindName)")
            return nil
        }
        return value
    }

    private mutating func text(_ node: YAMLNode, _ key: String) -> String {
        guard let text = node.scalar, !text.isEmpty, text.utf8.count <= 200 else {
            refuse(node.mark, "expected '\(key)' to be a text of at most 200 bytes, found \(node.kindName)")
            return ""
        }
        return text
    }

    private mutating func refuseUnknown(_ node: YAMLNode, _ known: [String]) {
        for entry in node.mapping ?? [] where !known.contains(entry.key) {
            refuse(
                entry.keyMark,
                "unknown field '\(ForeignText.printable(String(entry.key.prefix(60))))'; known are \(known.joined(separator: ", "))")
        }
    }

    private mutating func refuse(_ mark: YAMLNode.Mark, _ message: String) { problems.append(.init(mark: mark, message: message)) }
}
