import Documents
import FoundationEssentials
import Measurements

/// Why one record cannot be imported, in words that name the field and the value.
struct RecordProblem: Error {
    let reason: String
}

/// The state of one file's import: where measurements go, and what is counted on the way.
final class ImportSession {
    let path: String
    let options: ImportOptions
    var tool = ""
    var toolVersion: String?
    /// Of the whole content, where that is read before its records.
    var contentDigest = ContentDigest()
    private(set) var runs: [SourceRun] = []
    private(set) var recordsRead = 0
    private(set) var recordsImported = 0
    private(set) var recordsSkipped = 0
    private(set) var skipped: [SkippedRecord] = []
    private let sink: (InferenceMeasurement) throws -> Void
    private var importedInRun = 0

    init(path: String, options: ImportOptions, sink: @escaping (InferenceMeasurement) throws -> Void) {
        self.path = path
        self.options = options
        self.sink = sink
    }

    /// A stable identity for the record that comes next: the same content gives the same identities.
    var nextIdentity: UUID {
        var digest = contentDigest
        var number = UInt64(recordsRead).littleEndian
        withUnsafeBytes(of: &number) { digest.update($0) }
        return digest.uuid
    }

    /// Hands one measurement on.
    func deliver(_ measurement: InferenceMeasurement) throws {
        recordsRead += 1
        recordsImported += 1
        importedInRun += 1
        try sink(measurement)
    }

    /// Delivers what a record holds, or reports why it is bad.
    func record(at place: @autoclosure () -> SkippedRecord.Place, _ read: () throws -> InferenceMeasurement) throws {
        let measurement: InferenceMeasurement
        do {
            measurement = try read()
        } catch let problem as RecordProblem {
            return try skip(place(), problem.reason)
        }
        try deliver(measurement)
    }

    /// Counts a bad record, or throws when strict.
    func skip(_ place: SkippedRecord.Place, _ reason: String) throws {
        recordsRead += 1
        recordsSkipped += 1
        let record = SkippedRecord(path: path, place: place, reason: reason)
        if options.strict {
            guard case .line(let line) = place else { throw ImportError(.badRecord, path: path, "\(place): \(reason)") }
            throw ImportError(.badRecord, path: path, line: line, reason)
        }
        if skipped.count < options.maximumReportedSkips { skipped.append(record) }
    }

    /// Ends a run: the measurements delivered since the last one belong to it.
    func finish(_ run: SourceRun) {
        var run = run
        run.label = String(run.label.prefix(200))
        run.model = run.model.map { String($0.prefix(200)) }
        run.reported.limitErrorTypes()
        run.measurementCount = importedInRun
        importedInRun = 0
        runs.append(run)
    }

    func source(digest: ContentDigest, format: InputFormat) -> ImportedSource {
        ImportedSource(
            path: path, digest: digest.text, format: format, tool: tool, toolVersion: toolVersion, runs: runs, recordsRead: recordsRead,
            recordsImported: recordsImported, recordsSkipped: recordsSkipped, skipped: skipped)
    }

    func error(_ kind: ImportError.Kind, _ message: String) -> ImportError { ImportError(kind, path: path, message) }

    func progress(bytesRead: Int, totalBytes: Int) -> ImportProgress {
        ImportProgress(bytesRead: bytesRead, totalBytes: totalBytes, recordsRead: recordsRead)
    }
}

extension ReportedResults {
    /// Keeps the most frequent types and counts the rest together.
    fileprivate mutating func limitErrorTypes() {
        let limit = StatisticsAccumulator.maximumErrorTypes
        guard errorsByType.count > limit else { return }
        let ranked = errorsByType.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        errorsByType = Dictionary(uniqueKeysWithValues: ranked.prefix(limit).map { ($0.key, $0.value) })
        let rest = ranked.dropFirst(limit).reduce(0) { $0 &+ $1.value }
        errorsByType[StatisticsAccumulator.otherErrors, default: 0] += rest
    }
}
