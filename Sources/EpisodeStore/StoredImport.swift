public import Control
public import Measurements

/// One import as the store keeps it.
public struct ImportRecord: Sendable, Hashable {
    /// Where the measurements came from; its digest tells whether the same content comes again.
    public var source: SourceDescription
    /// Name of the file format.
    public var format: String
    /// When it was imported.
    public var time: Timestamp

    public init(source: SourceDescription, format: String, time: Timestamp) {
        self.source = source
        self.format = format
        self.time = time
    }
}

/// An import in the store.
public struct StoredImport: Sendable, Hashable, Identifiable {
    public let id: Int64
    public let record: ImportRecord
    /// How many measurements were stored with it.
    public let measurementCount: Int
}

/// What became of an import.
public enum ImportOutcome: Sendable, Hashable {
    case stored(StoredImport)
    /// The same content is there already; nothing was added.
    case alreadyStored(StoredImport)
}
