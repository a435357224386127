public import Measurements

/// What a file gave, beside the measurements that went to the sink.
public struct ImportedSource: Sendable {
    public let path: String
    /// 128 bits of the content as 32 hexadecimal digits: the same content twice is recognised by it.
    public let digest: String
    public let format: InputFormat
    /// The tool that wrote it, e.g. `guidellm`.
    public let tool: String
    public let toolVersion: String?
    /// In the order in which their measurements were delivered: the first run's come first, as many as its `measurementCount`.
    public let runs: [SourceRun]
    /// Requests found in the file, delivered or not.
    public let recordsRead: Int
    public let recordsImported: Int
    public let recordsSkipped: Int
    /// The first skipped records with their places and reasons.
    public let skipped: [SkippedRecord]
}

/// A record that was not imported.
public struct SkippedRecord: Sendable, Hashable, CustomStringConvertible {
    public enum Place: Sendable, Hashable, CustomStringConvertible {
        /// 1-based.
        case line(Int)
        /// The 0-based position in a list, named by its path, e.g. `ttfts[3]`.
        case element(String)

        public var description: String {
            switch self {
            case .line(let number): "\(number)"
            case .element(let name): name
            }
        }
    }

    public let path: String
    public let place: Place
    public let reason: String

    /// `results.jsonl:17: ttft_ms is -3; …`.
    public var description: String { "\(path):\(place): \(reason)" }
}

/// Why a file could not be imported at all, or, when strict, which record was bad.
public struct ImportError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Kind: String, Sendable {
        case unreadable, unknownFormat, wrongFormat, malformed, badRecord
    }

    public let kind: Kind
    public let path: String
    /// 1-based, where known.
    public let line: Int?
    public let column: Int?
    /// What was expected and what was found.
    public let message: String

    init(_ kind: Kind, path: String, line: Int? = nil, column: Int? = nil, _ message: String) {
        self.kind = kind
        self.path = path
        self.line = line
        self.column = column
        self.message = message
    }

    /// `path:line:column: error: message`.
    public var description: String {
        let place = [line, column].compactMap { $0.map(String.init) }.joined(separator: ":")
        return place.isEmpty ? "\(path): error: \(message)" : "\(path):\(place): error: \(message)"
    }
}
