public import Control
import FoundationEssentials
import Importing
import Measurements

/// Result files of other tools that appear or grow under some patterns: what is in them is delivered once.
///
/// A file is read when its size and time have not changed since the last look, so that one that is being written is left alone. A file that
/// was read and changes is read again, and of what it holds only measurements that were not delivered before are. A content that was read
/// under another name counts once.
public actor WatchedFiles: MeasurementSource {
    public nonisolated let name: String
    private let patterns: [FilePattern]
    private var seen: [String: FileState] = [:]
    private var digests: Set<String> = []
    private var delivered: Set<UUID> = []

    /// Files that are looked at, and measurements of one call.
    static let maximumFiles = 10_000
    static let maximumMeasurements = 1_000_000
    /// Measurements that are remembered so as not to be delivered twice.
    static let maximumRemembered = 5_000_000

    private struct FileState {
        var stamp: Stamp
        var isRead = false
        var fault: String?
    }

    private struct Stamp: Hashable {
        var size: UInt64
        var modified: Date
    }

    public init(name: String, patterns: [String]) {
        self.name = name
        self.patterns = patterns.map(FilePattern.init)
    }

    public func deliver(_ request: DeliveryRequest) async -> Delivery {
        var delivery = Delivery()
        let paths = look(&delivery)
        seen = seen.filter { paths.contains($0.key) }
        let clock = ContinuousClock()
        let end = clock.now.advanced(by: request.deadline)
        for path in paths.sorted() {
            guard clock.now < end, delivery.measurements.count < Self.maximumMeasurements, !Task.isCancelled else { break }
            guard let stamp = Self.stamp(of: path) else { continue }
            if seen[path]?.stamp != stamp {
                seen[path] = FileState(stamp: stamp)
            } else if seen[path]?.isRead == false {
                seen[path]?.isRead = true
                seen[path]?.fault = read(path, into: &delivery.measurements)
            }
            if let fault = seen[path]?.fault { delivery.faults.append(fault) }
        }
        return delivery
    }

    private func look(_ delivery: inout Delivery) -> Set<String> {
        var paths: Set<String> = []
        for pattern in patterns {
            let found = pattern.files(limit: Self.maximumFiles)
            paths.formUnion(found.paths)
            if !found.isComplete {
                delivery.faults.append("'\(pattern.text)' matches more than \(Self.maximumFiles) files: only the first are watched.")
            } else if found.paths.isEmpty {
                delivery.faults.append("no file matches '\(pattern.text)'.")
            }
        }
        return paths
    }

    /// Why it could not be read, or not in full; `nil` where all went well.
    private func read(_ path: String, into measurements: inout [InferenceMeasurement]) -> String? {
        do {
            let digest = try contentDigest(ofFileAt: path)
            guard digests.insert(digest).inserted else { return nil }
            var new: [InferenceMeasurement] = []
            let source = try importFile(at: path) { measurement in
                guard !delivered.contains(measurement.id) else { return }
                guard measurements.count + new.count < Self.maximumMeasurements else { throw TooMany() }
                new.append(measurement)
            }
            if delivered.count > Self.maximumRemembered { delivered.removeAll() }
            delivered.formUnion(new.map(\.id))
            measurements += new
            guard let first = source.skipped.first else { return nil }
            return "\(path): \(source.recordsSkipped) of \(source.recordsRead) records were passed over, the first: \(first)."
        } catch let error as ImportError {
            return ForeignText.printable("\(error)") + "."
        } catch is TooMany {
            return "\(path) holds more than the \(Self.maximumMeasurements) measurements that are read at once: nothing of it was taken."
        } catch {
            return "\(path) could not be read."
        }
    }

    private struct TooMany: Error {}

    private static func stamp(of path: String) -> Stamp? {
        // A file that went away since it was listed is no fault.
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path), let size = attributes[.size] as? UInt64,
            let modified = attributes[.modificationDate] as? Date
        else { return nil }
        return Stamp(size: size, modified: modified)
    }
}
