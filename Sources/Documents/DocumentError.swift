/// Why a document could not be read, with its place.
public struct DocumentError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Kind: String, Sendable {
        case unreadable, tooLarge, tooDeep, malformed, encoding, duplicateKey, alias
    }

    public let kind: Kind
    /// 1-based; `nil` where no place is known.
    public let line: Int?
    /// 1-based, counted in characters for YAML and in bytes for JSON.
    public let column: Int?
    /// From the start of the document, where known.
    public let byteOffset: Int?
    /// What was expected and what was found.
    public let message: String

    public init(_ kind: Kind, _ message: String, line: Int? = nil, column: Int? = nil, byteOffset: Int? = nil) {
        self.kind = kind
        self.message = message
        self.line = line
        self.column = column
        self.byteOffset = byteOffset
    }

    public var description: String {
        guard let line else { return message }
        guard let column else { return "line \(line): \(message)" }
        return "line \(line), column \(column): \(message)"
    }
}

/// How many bytes of a document are read at most, and how deep it may nest.
public struct DocumentLimits: Sendable, Hashable {
    public var bytes: Int
    public var depth: Int
    /// Nodes of a YAML document with its aliases expanded.
    public var nodes: Int
    /// Aliases in a YAML document.
    public var aliases: Int

    public init(bytes: Int, depth: Int = 100, nodes: Int = 1_000_000, aliases: Int = 64) {
        self.bytes = bytes
        self.depth = depth
        self.nodes = nodes
        self.aliases = aliases
    }

    /// For result files of other tools: 512 MiB of JSON.
    public static let json = DocumentLimits(bytes: 512 << 20)
    /// For files that people write: 1 MiB of YAML.
    public static let yaml = DocumentLimits(bytes: 1 << 20)
    /// For result files that tools write as YAML.
    public static let importedYAML = DocumentLimits(bytes: 64 << 20, nodes: 5_000_000)
}
