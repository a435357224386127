import ArgumentParser
import Control
import EpisodeStore
import Foundation
import Importing
import Measurements
import PolicyFiles
import Statistics

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes a result file in another format, or stored measurements or their statistics as JSON or CSV.",
        discussion: """
            Measurements that are exported can be imported again without loss.

              llm-auto-optimizer export --what statistics --window 5m --format csv
              llm-auto-optimizer export results.jsonl --output report.html
            """)

    @Argument(
        help: ArgumentHelp(
            "A result file of this tool or another, or the number of an import in the store, to be written in the format that the extension of --output tells; without one the store is exported.",
            valueName: "result"), completion: .file())
    var result: String?

    @Option(help: ArgumentHelp("Every request, or figures by model and endpoint.", valueName: "what"))
    var what: Content = .measurements

    @Option(help: ArgumentHelp("JSON (measurements: one object a line) or CSV.", valueName: "format"))
    var format: Format = .json

    @Option(help: ArgumentHelp("Statistics of every window of this length, such as 5m, instead of the whole.", valueName: "duration"))
    var window: String?

    @Option(help: ArgumentHelp("Only what was sent at or after this time, in ISO 8601.", valueName: "time"))
    var since: String?

    @Option(help: ArgumentHelp("Only what was sent before this time, in ISO 8601.", valueName: "time"))
    var until: String?

    @OptionGroup var output: OutputOptions
    @OptionGroup var storing: StoreOptions

    enum Content: String, ExpressibleByArgument, CaseIterable {
        case measurements, statistics
    }

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case json, csv
    }

    func validate() throws {
        if window != nil, what != .statistics { throw ValidationError("--window is for --what statistics") }
    }

    func run() throws {
        if let result { return try write(result) }
        let start = try time(since, "--since")
        let end = try time(until, "--until")
        let store = try storing.openForReading()
        switch what {
        case .measurements: try writeMeasurements(of: store, start, end)
        case .statistics:
            let table = try statistics(of: store, start, end, width: try width())
            try output.write(format == .csv ? table.csv : try table.json())
        }
    }

    private func write(_ path: String) throws {
        guard output.output != "-" else { throw CommandFailure("name the file to write with --output; its extension tells the format") }
        let format = try ResultFormat.ofFile(output.output)
        let file = try ResultFile(path, in: storing)
        if case .summary = file, format.needsRequests {
            throw CommandFailure(
                "\(path) holds figures and no requests, which \(output.output) is made of; benchmark writes them with --output FILE.jsonl")
        }
        let (run, summary) = try file.run(path)
        for name in try format.write(run, summary, to: output.output) { Terminal.standardError("wrote \(name)\n") }
    }

    private func width() throws -> Duration? {
        guard let window else { return nil }
        do {
            let width = try parseDuration(window)
            guard width >= .milliseconds(1) else { throw CommandFailure("--window \(window): expected at least 1ms") }
            return width
        } catch let refusal as DurationRefusal {
            throw CommandFailure("--window \(window): \(refusal)")
        }
    }

    private func statistics(of store: EpisodeStore, _ start: Timestamp?, _ end: Timestamp?, width: Duration?) throws -> StatisticsTable {
        var table = StatisticsTable()
        var whole = MeasurementWindows(paneWidth: .seconds(60), retention: .seconds(60))
        var tumbling = TumblingWindows(width: width ?? .seconds(1))
        try storing.guarded {
            try store.forEachMeasurement(since: start, until: end) { measurement in
                try Interruption.check()
                guard width != nil else { return whole.record(measurement) }
                if let closed = tumbling.record(measurement) { table.add(closed.groups, start: closed.start) }
            }
        }
        if let last = tumbling.finish() { table.add(last.groups, start: last.start) }
        table.add(whole.groups, start: nil)
        return table
    }

    private func time(_ text: String?, _ option: String) throws -> Timestamp? {
        guard let text else { return nil }
        guard let time = Timestamp(iso8601: text) else {
            throw CommandFailure("\(option) \(text): expected a time in ISO 8601, for example 2026-11-20T00:00:00Z")
        }
        return time
    }

    private func writeMeasurements(of store: EpisodeStore, _ start: Timestamp?, _ end: Timestamp?) throws {
        let sink = try LineSink(output: output.output)
        if format == .csv { try sink.write(MeasurementWriter.csvHeader) }
        try storing.guarded {
            try store.forEachMeasurement(since: start, until: end) { measurement in
                try Interruption.check()
                if sink.isDone { throw ExitStatus.done }
                try sink.write(format == .csv ? MeasurementWriter.csvLine(measurement) : MeasurementWriter.jsonLine(measurement))
            }
        }
        try sink.finish()
    }
}

/// Writes lines as they come, in blocks.
private final class LineSink {
    private let file: OutputFile?
    private var buffer = Data()

    private static let blockBytes = 1 << 16

    /// - Parameter output: A file, or `-` for standard output.
    init(output: String) throws { file = output == "-" ? nil : try OutputFile(path: output) }

    /// Whether nobody reads any further.
    var isDone: Bool { file == nil && Terminal.outputLoss != nil }

    func write(_ line: String) throws {
        buffer.append(contentsOf: line.utf8)
        buffer.append(0x0A)
        if buffer.count >= Self.blockBytes { try flush() }
    }

    func finish() throws {
        try flush()
        try file?.finish()
    }

    private func flush() throws {
        if let file { try file.write(buffer) } else { Terminal.standardOutput(buffer) }
        buffer.removeAll(keepingCapacity: true)
    }
}
