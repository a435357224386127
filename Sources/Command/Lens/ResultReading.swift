import BenchmarkResults
import Control
import Documents
import EpisodeStore
import Foundation
import Importing
import Measurements

/// A result in a file or in the store: of this tool, or of another.
enum ResultFile {
    /// Figures with their intervals, and no requests.
    case summary(BenchmarkSummary)
    case measurements([InferenceMeasurement], SourceDescription)

    private static let documentBytes = 256 << 20

    /// - Parameter name: A path, or the number that `import` gave a result, where no file has that name.
    /// - Throws: `CommandFailure` that names the file or the number.
    init(_ name: String, in store: StoreOptions) throws {
        if let number = Int64(name), number >= 0, !FileManager.default.fileExists(atPath: name) {
            try self.init(number, in: store)
        } else {
            try self.init(path: name)
        }
    }

    private init(_ number: Int64, in storing: StoreOptions) throws {
        let store = try storing.openForReading()
        guard let stored = try storing.guarded({ try store.storedImport(id: number) }) else {
            let known = try storing.guarded { try store.imports(limit: 10) }.map { "\($0.id) (\($0.record.source.name))" }
            throw CommandFailure(
                "there is no file '\(number)', and no import of that number in \(storing.path); "
                    + (known.isEmpty ? "nothing was imported yet" : "the last imports are \(known.joined(separator: ", "))"))
        }
        var measurements: [InferenceMeasurement] = []
        try storing.guarded {
            try store.forEachMeasurement(importIdentifier: number) { measurement in
                try Interruption.check()
                measurements.append(measurement)
            }
        }
        self = .measurements(measurements, stored.record.source)
    }

    private init(path: String) throws {
        if let summary = try Self.document(path) {
            self = .summary(summary)
            return
        }
        var measurements: [InferenceMeasurement] = []
        do {
            let source = try importFile(at: path) { measurement in
                try Interruption.check()
                measurements.append(measurement)
            }
            self = .measurements(measurements, SourceDescription(source, runs: source.runs))
        } catch let error as ImportError {
            throw CommandFailure("cannot read the result \(error)")
        }
    }

    private static func document(_ path: String) throws -> BenchmarkSummary? {
        guard path.hasSuffix(".json") else { return nil }
        let bytes: [UInt8]
        do {
            bytes = try FileContent.read(path: path, limitBytes: documentBytes)
        } catch {
            throw CommandFailure("cannot read the result \(path): \(error)")
        }
        // Any other document is for the importer, which says what is wrong with it.
        return try? ResultsDocument.summary(json: String(decoding: bytes, as: UTF8.self))
    }

    func comparable(_ label: String) -> ComparableResult {
        switch self {
        case .summary(let summary): ComparableResult(summary, label: label)
        case .measurements(let measurements, let source):
            measurements.isEmpty
                ? ComparableResult(reported: source.runs, label: label)
                : ComparableResult(measurements: measurements, definitions: source.runs.first?.definitions ?? [:], label: label)
        }
    }

    /// As a run; of a summary one without requests.
    func run(_ path: String) throws -> (run: BenchmarkRun, summary: BenchmarkSummary) {
        switch self {
        case .summary(let summary):
            var run = BenchmarkRun(
                id: summary.id, tool: summary.tool, toolVersion: summary.toolVersion, startedAt: summary.startedAt, model: summary.model,
                seed: summary.seed)
            run.hardware = summary.hardware
            run.calibration = summary.calibration
            run.stoppedEarly = summary.stoppedEarly
            run.parameters = summary.parameters ?? TestParameters()
            run.knees = summary.knees ?? []
            run.stages = summary.stages.map { BenchmarkStage(label: $0.label, load: $0.load, duration: $0.duration, records: []) }
            return (run, summary)
        case .measurements(let measurements, let source):
            guard let first = measurements.first else {
                throw CommandFailure(
                    "\(path) holds no requests, only figures that \(source.tool) computed; they cannot be written anew")
            }
            let start = measurements.compactMap(\.time).min() ?? Timestamp(nanosecondsSinceEpoch: 0)
            let (tool, version) = Self.toolAndVersion(source.tool)
            var run = BenchmarkRun(
                id: UUID(), tool: tool, toolVersion: version, startedAt: start,
                model: ModelFacts(name: first.model, provider: first.provider, endpoint: first.endpoint), seed: 0)
            let records = measurements.map { Self.record($0, start: start) }
            let end = records.compactMap(\.moments.lastByte).max() ?? Nanoseconds(0)
            let load = OfferedLoad(shape: .closed, concurrency: source.runs.first?.concurrency)
            run.stages = [BenchmarkStage(label: source.runs.first?.label ?? "imported", load: load, duration: end, records: records)]
            return (run, BenchmarkSummary(run))
        }
    }

    /// `guidellm 0.8.1` apart.
    private static func toolAndVersion(_ text: String) -> (String, String) {
        guard let blank = text.lastIndex(of: " "), text[blank...].dropFirst().first?.isNumber == true else { return (text, "") }
        return (String(text[..<blank]), String(text[text.index(after: blank)...]))
    }

    private static func record(_ measurement: InferenceMeasurement, start: Timestamp) -> RequestRecord {
        func since(_ time: Timestamp?) -> Nanoseconds? { time.map { $0.since(start) } }
        let sent = since(measurement.time) ?? Nanoseconds(0)
        var moments = AnswerMoments(intended: since(measurement.intendedTime) ?? sent)
        moments.sent = sent
        moments.firstContent = measurement.timeToFirstToken.map { sent + $0 }
        moments.lastByte = measurement.endToEnd.map { sent + $0 }
        return RequestRecord(measurement: measurement, moments: moments)
    }
}
