import Control
import Importing
import Measurements
import Policies

/// What result files say, ready to be decided on.
struct Evidence {
    var windows: MeasurementWindows
    /// A tool's own figures, where no file holds single requests.
    var reported: ReportedResults?
    var sources: [SourceDescription]
    /// What the reader of the report must know about how the evidence was chosen.
    var notes: [String]
}

/// Reads result files into windows, in memory that does not grow with the files.
struct EvidenceReader {
    let policy: Policy
    let options: ImportOptions
    /// The run to take where a file holds several; the last one unless told.
    let run: String?

    func read(_ files: [String]) throws -> Evidence {
        var evidence = Evidence(windows: emptyWindows(), reported: nil, sources: [], notes: [])
        var digests: Set<String> = []
        for file in files {
            let before = evidence.windows
            var span = MeasuredSpan()
            let source = try importFile(file) { measurement in
                span.record(measurement)
                evidence.windows.record(measurement)
            }
            guard digests.insert(source.digest).inserted else {
                evidence.windows = before
                evidence.notes.append("\(file) has the same content as a file before it and counts once")
                continue
            }
            let chosen = try choose(of: source)
            if source.runs.count > 1 {
                evidence.windows = before
                span = try replay(file, only: chosen, of: source, into: &evidence.windows)
                evidence.notes.append(note(source, chosen))
            }
            let selected = source.runs.isEmpty ? [] : [span.completing(source.runs[chosen])]
            evidence.sources.append(SourceDescription(source, runs: selected))
            if let reported = selected.first?.reported, !reported.isEmpty { evidence.reported = reported }
            for skipped in source.skipped.prefix(10) { Terminal.standardError("warning: \(skipped); it was skipped\n") }
        }
        if evidence.sources.count > 1 {
            evidence.notes.append(
                "\(evidence.sources.count) files are taken together as one operating point; rates are per the time they ran")
        }
        return evidence
    }

    private func emptyWindows() -> MeasurementWindows {
        let hold = policy.triggers.map(\.holdFor).max() ?? .zero
        return MeasurementWindows(
            paneWidth: policy.monitor.interval, retention: max(policy.longestWindow, .seconds(3_600)) + hold, limits: policy.latencyLimits)
    }

    private func importFile(_ file: String, into sink: (InferenceMeasurement) -> Void) throws -> ImportedSource {
        let line = ImportProgressLine(file: file)
        defer { line.end() }
        do {
            return try Importing.importFile(at: file, options: options, progress: line.show) { measurement in
                try Interruption.check()
                sink(measurement)
            }
        } catch let error as ImportError {
            throw CommandFailure("cannot import \(error)")
        }
    }

    private func choose(of source: ImportedSource) throws -> Int {
        guard let run else { return max(0, source.runs.count - 1) }
        guard let index = source.runs.firstIndex(where: { $0.label == run }) else {
            let labels = source.runs.map { "'\($0.label)'" }.joined(separator: ", ")
            throw CommandFailure("\(source.path) has no run '\(run)'; it has: \(labels)")
        }
        return index
    }

    /// Reads the file once more and records the measurements of one run only.
    private func replay(
        _ file: String, only chosen: Int, of source: ImportedSource, into windows: inout MeasurementWindows
    ) throws -> MeasuredSpan {
        let first = source.runs[..<chosen].reduce(0) { $0 + $1.measurementCount }
        let range = first..<first + source.runs[chosen].measurementCount
        var position = 0
        var span = MeasuredSpan()
        var filled = windows
        _ = try importFile(file) { measurement in
            if range.contains(position) {
                span.record(measurement)
                filled.record(measurement)
            }
            position += 1
        }
        windows = filled
        return span
    }

    private func note(_ source: ImportedSource, _ chosen: Int) -> String {
        let others = source.runs.indices.filter { $0 != chosen }.map { "'\(source.runs[$0].label)'" }
        return
            "\(source.path) holds \(source.runs.count) runs, each an operating point of its own; this is '\(source.runs[chosen].label)'. "
            + "Choose another with --run: \(others.prefix(10).joined(separator: ", "))"
    }
}

/// From when to when the measurements of one file reach.
private struct MeasuredSpan {
    private var start: Timestamp?
    private var end: Timestamp?

    mutating func record(_ measurement: InferenceMeasurement) {
        guard let sent = measurement.time else { return }
        start = min(start ?? sent, sent)
        let answered = measurement.endToEnd.map { sent.advanced(by: $0) } ?? sent
        end = max(end ?? answered, answered)
    }

    /// The run with its start and duration as measured, where its tool does not tell them.
    func completing(_ run: SourceRun) -> SourceRun {
        guard let start, let end, run.duration == nil else { return run }
        var run = run
        run.start = start
        run.duration = end.since(start)
        return run
    }
}

extension SourceDescription {
    init(_ source: ImportedSource, runs: [SourceRun]) {
        let tool = [source.tool, source.toolVersion ?? ""].filter { !$0.isEmpty }.joined(separator: " ")
        let name = source.path.split(separator: "/").last.map(String.init) ?? source.path
        self.init(name: name, tool: tool, digest: source.digest, runs: runs, skipped: source.recordsSkipped)
    }
}
