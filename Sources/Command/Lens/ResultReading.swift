import BenchmarkResults
import Documents
import Foundation
import Importing
import Measurements

/// A result in a file: of this tool, or of another.
enum ResultFile {
    /// Figures with their intervals, and no requests.
    case summary(BenchmarkSummary)
    case measurements([InferenceMeasurement], ImportedSource)

    private static let documentBytes = 256 << 20

    /// - Throws: `CommandFailure` that names the file.
    init(_ path: String) throws {
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
            self = .measurements(measurements, source)
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
            run.stages = summary.stages.map { BenchmarkStage(label: $0.label, load: $0.load, duration: $0.duration, records: []) }
            return (run, summary)
        case .measurements(let measurements, let source):
            guard let first = measurements.first else {
                throw CommandFailure("\(path) holds no requests, only figures that \(source.tool) computed; they cannot be written anew")
            }
            let start = measurements.compactMap { $0.time?.nanosecondsSinceEpoch }.min() ?? 0
            var run = BenchmarkRun(
                id: UUID(), tool: source.tool, toolVersion: source.toolVersion ?? "", startedAt: Timestamp(nanosecondsSinceEpoch: start),
                model: ModelFacts(name: first.model, provider: first.provider, endpoint: first.endpoint), seed: 0)
            let records = measurements.map { Self.record($0, start: start) }
            let end = records.compactMap(\.moments.lastByte).max() ?? Nanoseconds(0)
            let load = OfferedLoad(shape: .closed, concurrency: source.runs.first?.concurrency)
            run.stages = [BenchmarkStage(label: source.runs.first?.label ?? "imported", load: load, duration: end, records: records)]
            return (run, BenchmarkSummary(run))
        }
    }

    private static func record(_ measurement: InferenceMeasurement, start: Int64) -> RequestRecord {
        func since(_ time: Timestamp?) -> Nanoseconds? { time.map { Nanoseconds($0.nanosecondsSinceEpoch - start) } }
        let sent = since(measurement.time) ?? Nanoseconds(0)
        var moments = AnswerMoments(intended: since(measurement.intendedTime) ?? sent)
        moments.sent = sent
        moments.firstContent = measurement.timeToFirstToken.map { sent + $0 }
        moments.lastByte = measurement.endToEnd.map { sent + $0 }
        return RequestRecord(measurement: measurement, moments: moments)
    }
}
