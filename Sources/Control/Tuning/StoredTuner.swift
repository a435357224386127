public import FoundationEssentials
public import Measurements
import Tuning

/// What a tuner has learned, as the journal keeps it.
public struct StoredTuner: Sendable, Hashable {
    public var time: Timestamp
    public var document: Data
    /// Of the document; tells what was damaged from what was written.
    public var checksum: UInt64

    /// Larger documents are not read.
    public static let mostBytes = 4 << 20
    /// Finished adjustments that are learned from at once.
    public static let mostTrials = 200

    public init(time: Timestamp, document: Data, checksum: UInt64) {
        self.time = time
        self.document = document
        self.checksum = checksum
    }

    /// - Throws: `EncodingError` where it cannot be written as JSON.
    init(_ memory: TunerMemory, at time: Timestamp) throws {
        document = try CanonicalJSON.encode(memory)
        checksum = StoredPlanner.checksum(of: document)
        self.time = time
    }

    /// What was learned.
    func memory() throws(StoredPlanner.Unusable) -> TunerMemory {
        guard document.count <= Self.mostBytes else {
            throw StoredPlanner.Unusable(description: "it takes \(document.count) bytes, and at most \(Self.mostBytes) are read")
        }
        guard StoredPlanner.checksum(of: document) == checksum else {
            throw StoredPlanner.Unusable(description: "its checksum does not fit: it was damaged")
        }
        do {
            return try CanonicalJSON.decode(TunerMemory.self, from: document)
        } catch {
            throw StoredPlanner.Unusable(description: "it was written by another version")
        }
    }
}
