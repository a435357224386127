import EngineModels
public import FoundationEssentials
public import Measurements
import Scaling

/// What a planner has learned, as the journal keeps it: some 100 kB of JSON.
public struct StoredPlanner: Sendable, Hashable {
    public var time: Timestamp
    public var document: Data
    /// Of the document; tells what was damaged from what was written.
    public var checksum: UInt64

    /// Larger documents are not read.
    public static let mostBytes = 4 << 20

    public init(time: Timestamp, document: Data, checksum: UInt64) {
        self.time = time
        self.document = document
        self.checksum = checksum
    }

    /// - Throws: `EncodingError` where it cannot be written as JSON.
    init(_ planner: ReplicaPlanner, at time: Timestamp) throws {
        document = try CanonicalJSON.encode(planner)
        checksum = Self.checksum(of: document)
        self.time = time
    }

    /// FNV-1a, the same in every process.
    public static func checksum(of document: Data) -> UInt64 {
        document.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }

    /// Why a stored planner is not gone on with: a clause.
    struct Unusable: Error, CustomStringConvertible {
        let description: String
    }

    /// The planner, for these settings.
    func planner(under settings: PlannerSettings) throws(Unusable) -> ReplicaPlanner {
        guard document.count <= Self.mostBytes else {
            throw Unusable(description: "it takes \(document.count) bytes, and at most \(Self.mostBytes) are read")
        }
        guard Self.checksum(of: document) == checksum else {
            throw Unusable(description: "its checksum does not fit: it was damaged")
        }
        let planner: ReplicaPlanner
        do {
            planner = try CanonicalJSON.decode(ReplicaPlanner.self, from: document)
        } catch {
            throw Unusable(description: "it was written by another version")
        }
        guard planner.settings == settings else { throw Unusable(description: Self.difference(planner.settings, settings)) }
        return planner
    }

    private static func difference(_ old: PlannerSettings, _ new: PlannerSettings) -> String {
        if old.profile != new.profile { return "it is of the profile '\(old.profile.name)', and the policy says '\(new.profile.name)'" }
        if old.engine != new.engine { return "it is of an engine with other settings" }
        if old.timePerOutputToken != new.timePerOutputToken || old.attainment != new.attainment { return "it is of another objective" }
        if old.coldStart != new.coldStart { return "it is of another 'startup'" }
        return "it is of another version's settings"
    }
}
