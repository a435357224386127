import BenchmarkFiles
import BenchmarkFormats
import BenchmarkResults
import Foundation
import Measurements

/// Writes the results of runs into files.
struct LensOutputs {
    let outputs: [(planned: PlannedOutput, format: ResultFormat)]

    /// - Throws: `CommandFailure` for a path whose extension says nothing, before anything is run.
    init(_ outputs: [PlannedOutput]) throws {
        self.outputs = try outputs.map { planned in
            if let name = planned.format, let format = ResultFormat(name: name) { return (planned, format) }
            return (planned, try ResultFormat.ofFile(planned.path))
        }
    }

    /// - Returns: The paths written.
    func write(_ runs: [(run: BenchmarkRun, summary: BenchmarkSummary)]) throws -> [String] {
        var written: [String] = []
        for (planned, format) in outputs {
            for (run, summary) in runs {
                let path = Self.path(planned.path, of: run, isOnly: runs.count == 1)
                written += try format.write(run, summary, to: path)
            }
        }
        return written
    }

    /// Several targets never write into one file: where the path does not tell them apart, their names are added.
    private static func path(_ pattern: String, of run: BenchmarkRun, isOnly: Bool) -> String {
        func plain(_ text: String) -> String {
            String(text.prefix(100).map { $0.isLetter || $0.isNumber || "._-".contains($0) ? $0 : "-" })
        }
        let isTold = pattern.contains("{provider}") || pattern.contains("{model}")
        var path = pattern.replacingOccurrences(of: "{timestamp}", with: plain(run.startedAt.description).filter { $0 != "-" })
            .replacingOccurrences(of: "{provider}", with: plain(run.model.provider))
            .replacingOccurrences(of: "{model}", with: plain(run.model.name))
        if !isOnly, !isTold {
            let (base, suffix) = ResultFormat.split(path)
            path = base + "-" + plain(run.model.provider) + "-" + plain(run.model.name) + suffix
        }
        return path
    }
}

/// A form of results, by name and by the extension of a file.
struct ResultFormat: Equatable {
    let format: ExportFormat

    static let names: [String] = ExportFormat.allCases.map(\.rawValue)

    private static let suffixes: [(String, ExportFormat)] = [
        (".llmperf.json", .llmperf), (".json", .json), (".msgpack", .messagePack), (".jsonl", .measurementLines),
        (".ndjson", .measurementLines), (".csv", .csv), (".pb", .protobuf), (".binpb", .protobuf), (".lp", .influx), (".influx", .influx),
        (".prom", .prometheus), (".txt", .text), (".html", .html),
    ]

    init(_ format: ExportFormat) { self.format = format }

    init?(name: String) {
        guard let format = ExportFormat(rawValue: name) else { return nil }
        self.format = format
    }

    static func ofFile(_ path: String) throws -> ResultFormat {
        guard let known = suffixes.first(where: { path.hasSuffix($0.0) }) else {
            throw CommandFailure(
                "the extension of \(path) tells no format; known are \(suffixes.map(\.0).joined(separator: ", ")). Nothing was run or written."
            )
        }
        return ResultFormat(known.1)
    }

    /// The part before the extension, and the extension.
    static func split(_ path: String) -> (base: String, suffix: String) {
        let suffix = suffixes.first { path.hasSuffix($0.0) }?.0 ?? ""
        return (String(path.dropLast(suffix.count)), suffix)
    }

    /// Whether a summary without its requests has all that the format holds.
    var needsRequests: Bool { ![.json, .messagePack, .text, .html].contains(format) }

    /// Writes a file of this name, and its companions beside it.
    /// - Returns: The paths written.
    func write(_ run: BenchmarkRun, _ summary: BenchmarkSummary, to path: String) throws -> [String] {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw CommandFailure("cannot make the folder \(folder.path): \(error.localizedDescription)")
        }
        return try format.files(run, summary).enumerated().map { index, content in
            // The first file bears the name that was asked for; its companions are told apart by their suffixes.
            let name = index == 0 ? path : Self.split(path).base + content.suffix
            try Self.write(content.lazy.map { Data($0) }, to: name)
            return name
        }
    }

    /// The file that holds most, as a whole.
    func bytes(_ run: BenchmarkRun, _ summary: BenchmarkSummary) throws -> Data { Data(try format.files(run, summary).first?.bytes ?? []) }

    private static func write(_ pieces: some Sequence<Data>, to path: String) throws {
        let file = try OutputFile(path: path)
        for piece in pieces { try file.write(piece) }
        try file.finish()
    }
}
