import ArgumentParser
import Control
import EpisodeStore
import Importing
import Measurements
import Policies

struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Keeps results of other tools, or our own measurements, in the store.",
        discussion: """
            The format is found from the content. The same content counts once, whatever the file is called; an import that is broken off
            leaves nothing. Bad records are reported with file and line, counted and skipped.

              llm-auto-optimizer import results/*.json
            """)

    @Argument(help: ArgumentHelp("Result files.", valueName: "file"), completion: .file())
    var files: [String]

    @OptionGroup var importing: ImportFileOptions
    @OptionGroup var storing: StoreOptions

    func run() throws {
        let store = try storing.open()
        let oldest = Timestamp.now.advanced(by: .zero - StoreOptions.keptFor)
        for file in files {
            let (outcome, source, tooOld) = try storing.guarded { try keep(file, in: store, since: oldest) }
            report(outcome, source, file: file)
            if tooOld > 0 { warn(file, tooOld: tooOld) }
        }
        _ = try storing.guarded { try store.prune(olderThan: oldest, maximumBytes: StoreOptions.keptBytes) }
    }

    private func warn(_ file: String, tooOld: Int) {
        Terminal.standardError(
            "warning: \(file): of its measurements \(tooOld) are older than the \(FigureText.duration(StoreOptions.keptFor)) a store keeps and are "
                + "removed again; recommend reads the file itself with --import and --no-store\n")
    }

    private func keep(
        _ file: String, in store: EpisodeStore, since oldest: Timestamp
    ) throws -> (ImportOutcome, ImportedSource?, tooOld: Int) {
        var imported: ImportedSource?
        var tooOld = 0
        let outcome = try store.importMeasurements { append in
            let line = ImportProgressLine(file: file)
            defer { line.end() }
            let source: ImportedSource
            do {
                source = try importFile(at: file, options: importing.options, progress: line.show) { measurement in
                    try Interruption.check()
                    if let time = measurement.time, time < oldest { tooOld += 1 }
                    try append(measurement)
                }
            } catch let error as ImportError {
                throw CommandFailure("cannot import \(error)")
            }
            imported = source
            return ImportRecord(source: SourceDescription(source, runs: source.runs), format: source.format.rawValue, time: .now)
        }
        return (outcome, imported, tooOld)
    }

    private func report(_ outcome: ImportOutcome, _ source: ImportedSource?, file: String) {
        switch outcome {
        case .alreadyStored(let stored):
            Terminal.standardOutput(
                "\(file): the same content was imported as \(stored.record.source.name) at \(stored.record.time), number \(stored.id); it counts once\n"
            )
        case .stored(let stored):
            let skipped = stored.record.source.skipped
            let bad = skipped > 0 ? ", \(skipped) bad records skipped" : ""
            let runs = stored.record.source.runs
            let summaries = runs.count { !$0.reported.isEmpty }
            let told = summaries > 0 ? ", \(summaries == 1 ? "1 summary" : "\(summaries) summaries") as reported" : ""
            Terminal.standardOutput(
                "\(file): \(stored.record.format) by \(stored.record.source.tool): \(stored.measurementCount) measurements\(told)\(bad), number \(stored.id)\n"
            )
        }
        for record in source?.skipped.prefix(20) ?? [] { Terminal.standardError("warning: \(record); it was skipped\n") }
        for warning in Set(source?.runs.flatMap(\.warnings) ?? []).sorted() { Terminal.standardError("note: \(file): \(warning)\n") }
    }
}
