import BackTesting
import Documents
import EpisodeStore
import Foundation
import Measurements
import Simulation

/// What is to be simulated, and what a reader of the results must know of it.
struct ReadTrace {
    var name: String
    var source: TrialLoad.Source
    /// Whether requests bring their own lengths.
    var hasLengths: Bool
    var notes: [String]
}

/// Reads loads for back-tests: files, shapes, and what a store has seen.
enum TraceReading {
    private static let mostBytes = 1 << 30
    /// Of a store; more would not fit into a small machine's memory.
    private static let mostMeasurements = 5_000_000
    /// Mooncake's clock ticks every three seconds.
    private static let mooncakeTick = Nanoseconds(seconds: 3)

    /// - Parameter text: A shape or the path of a file.
    /// - Parameter option: Where it was written.
    static func trace(_ text: String, of option: String = "--trace") throws -> ReadTrace {
        if let source = try ShapeText.source(text) {
            return ReadTrace(
                name: text, source: source, hasLengths: false, notes: ["The load is drawn from a shape; every seed draws its own arrivals."]
            )
        }
        let bytes = try content(text, of: option)
        let name = URL(fileURLWithPath: text).lastPathComponent
        do {
            return try parse(bytes, name: name)
        } catch {
            throw CommandFailure("\(text): \(error)\(cure)")
        }
    }

    /// A trace whose requests give their lengths to others.
    static func lengths(_ path: String) throws -> RequestTrace {
        guard case .recorded(let trace, _) = try trace(path, of: "--lengths").source, !trace.requests.isEmpty else {
            throw CommandFailure("--lengths \(path): expected a trace of at least one request with its tokens")
        }
        return trace
    }

    private static func content(_ path: String, of option: String) throws -> [UInt8] {
        guard FileManager.default.fileExists(atPath: path) else {
            let others = option == "--lengths" ? "means are written as 1155/211" : "a shape is written as one of \(ShapeText.examples)"
            throw CommandFailure("\(option) \(path): there is no such file; \(others)")
        }
        let bytes: [UInt8]
        do {
            bytes = try FileContent.read(path: path, limitBytes: mostBytes)
        } catch {
            throw CommandFailure("\(option) \(path): cannot be read: \(error)")
        }
        if bytes.starts(with: [0x1F, 0x8B]) {
            throw CommandFailure("\(path) is compressed; unpack it first: gunzip --keep '\(path)'")
        }
        guard !bytes.isEmpty else { throw CommandFailure("\(path) is empty; expected a trace of requests or a table of rates") }
        return bytes
    }

    private static func parse(_ bytes: [UInt8], name: String) throws(TraceError) -> ReadTrace {
        if isJSON(bytes) {
            let trace = try RequestTrace(mooncake: bytes)
            return try recorded(trace, tick: mooncakeTick, name: name)
        }
        let header = columns(bytes)
        guard header.contains("rate_rps") else { return try recorded(try RequestTrace(csv: bytes), tick: Nanoseconds(0), name: name) }
        if header.contains("client") {
            return ReadTrace(
                name: name, source: .clients(try ClientTraffic(csv: bytes)), hasLengths: false,
                notes: ["Clients' gaps are drawn from the distributions fitted to them; every seed draws its own."])
        }
        return ReadTrace(
            name: name, source: .rates(try RateSeries(csv: bytes)), hasLengths: false,
            notes: [
                "Rates are means of longer times. What happened within them was not recorded and is drawn: all arrivals share a lognormal factor "
                    + "(deviation 0.2, remembered for 60 s)."
            ])
    }

    private static func recorded(_ trace: RequestTrace, tick: Nanoseconds, name: String) throws(TraceError) -> ReadTrace {
        guard !trace.requests.isEmpty else { throw TraceError("expected requests, found none that can be simulated") }
        var notes = [
            tick.count > 0
                ? "Arrivals are those of the record, spread within the 3 s in which its clock counts."
                : "Arrivals are those of the record; seeds differ in cold starts and in the speed of replicas only."
        ]
        if trace.skipped > 0 { notes.append("\(trace.skipped) entries without times or tokens were left out.") }
        return ReadTrace(name: name, source: .recorded(trace, clockTick: tick), hasLengths: true, notes: notes)
    }

    private static func isJSON(_ bytes: [UInt8]) -> Bool {
        bytes.first { $0 > 0x20 && ![0xEF, 0xBB, 0xBF].contains($0) } == UInt8(ascii: "{")
    }

    /// The words of the first line, in small letters.
    private static func columns(_ bytes: [UInt8]) -> Set<String> {
        let line = bytes.prefix(4_096).prefix { $0 != 0x0A && $0 != 0x0D }
        let words = String(decoding: line, as: UTF8.self).lowercased().split(separator: ",")
        return Set(words.map { $0.trimmingCharacters(in: .whitespaces) })
    }

    /// What else the file may be.
    private static let cure =
        "\nKnown are Azure's and BurstGPT's tables, t_s,in_tokens,out_tokens, Mooncake's JSON lines, and rates as t_s,rate_rps; results of a load "
        + "test are imported and simulated with --from-store."

    /// What the store has seen.
    static func measurements(_ storing: StoreOptions, since: Timestamp?, until: Timestamp?) throws -> ReadTrace {
        let store = try storing.openForReading()
        var seen: [InferenceMeasurement] = []
        try storing.guarded {
            try store.forEachMeasurement(since: since, until: until) { measurement in
                try Interruption.check()
                guard seen.count < mostMeasurements else {
                    throw CommandFailure(
                        "\(store.path) holds more than \(mostMeasurements) measurements; take a part of them with --since and --until")
                }
                var slim = InferenceMeasurement(id: measurement.id, time: measurement.time, model: "", provider: "", endpoint: "")
                slim.intendedTime = measurement.intendedTime
                slim.inputTokens = measurement.inputTokens
                slim.outputTokens = measurement.outputTokens
                seen.append(slim)
            }
        }
        let trace = RequestTrace(seen)
        guard !trace.requests.isEmpty else {
            throw CommandFailure(
                "\(store.path) holds no measurement with a time and both counts of tokens; import results first: llm-auto-optimizer import FILE"
            )
        }
        var notes = [
            "What the store has seen is taken to be the whole load. Where a probe saw a part of it, raise it with --rate-scale."
        ]
        if trace.skipped > 0 { notes.append("\(trace.skipped) measurements without times or tokens were left out.") }
        return ReadTrace(
            name: "the measurements of the store", source: .recorded(trace, clockTick: Nanoseconds(0)), hasLengths: true, notes: notes)
    }
}
