import Documents
import Measurements

/// The CSV files of aiperf: summary, timeslices, aggregate and sweep. Figures in them are rounded to two digits.
struct AIPerfTableReader {
    /// Blocks of `Metric,avg,…` and of `Metric,Value`, separated by blank lines.
    func readSummary(_ content: [UInt8], into session: ImportSession) throws {
        session.tool = "aiperf"
        var figures: [String: NumberReading] = [:]
        var units: [String: String] = [:]
        var header: [String] = []
        var reader = CSVReader(content)
        while let fields = reader.next() {
            if fields == [""] { header = []; continue }
            if header.isEmpty { header = fields; continue }
            guard fields.count == header.count else {
                try session.skip(.line(reader.line), "expected \(header.count) fields as in the header, found \(fields.count)")
                continue
            }
            let (tag, unit) = Self.tag(fields[0])
            units[tag] = unit
            for (name, cell) in zip(header, fields).dropFirst() {
                figures["\(tag)|\(name == "Value" ? "avg" : name)"] = NumberReading(cell: cell)
            }
        }
        guard figures["request_latency|avg"] != nil || figures["request_throughput|avg"] != nil else {
            throw session.error(.wrongFormat, "expected aiperf's CSV with a row 'Request Latency (ms)' or 'Request Throughput', found none")
        }
        var run = SourceRun(label: "profile")
        report(figures, units, into: &run)
        session.finish(run)
    }

    /// `Timeslice,Start_NS,End_NS,Metric,Unit,Stat,Value`.
    func readTimeslices(_ content: [UInt8], into session: ImportSession) throws {
        session.tool = "aiperf"
        var reader = CSVReader(content)
        _ = reader.next()
        var slices: [(name: String, start: Int64?, end: Int64?, figures: [String: NumberReading], units: [String: String])] = []
        while let fields = reader.next() {
            if fields == [""] { continue }
            guard fields.count == 7 else {
                try session.skip(.line(reader.line), "expected 7 fields as in the header, found \(fields.count)")
                continue
            }
            if slices.last?.name != fields[0] { slices.append((fields[0], Int64(fields[1]), Int64(fields[2]), [:], [:])) }
            let tag = Self.tag(fields[3]).tag
            slices[slices.count - 1].units[tag] = fields[4]
            slices[slices.count - 1].figures["\(tag)|\(fields[5])"] = NumberReading(cell: fields[6])
        }
        guard !slices.isEmpty else { throw session.error(.malformed, "expected rows below the header of aiperf's timeslices, found none") }
        for slice in slices {
            var run = SourceRun(label: "timeslice \(slice.name)")
            report(slice.figures, slice.units, into: &run)
            if let start = slice.start, let end = slice.end, end >= start {
                run.start = Timestamp(nanosecondsSinceEpoch: start)
                run.duration = Timestamp(nanosecondsSinceEpoch: end).since(Timestamp(nanosecondsSinceEpoch: start))
            }
            session.finish(run)
        }
    }

    /// `metric,mean,…,unit`, where a metric is `<tag>_<statistic>`, and a block of names and values below.
    func readAggregate(_ content: [UInt8], into session: ImportSession) throws {
        session.tool = "aiperf"
        var reader = CSVReader(content)
        guard let header = reader.next(), let mean = header.firstIndex(of: "mean"), let unit = header.firstIndex(of: "unit") else {
            throw session.error(.wrongFormat, "expected aiperf's header 'metric,mean,…,unit'")
        }
        var means: [String: NumberReading] = [:]
        var units: [String: String] = [:]
        var metadata: [String: String] = [:]
        while let fields = reader.next() {
            if fields.count == header.count {
                means[fields[0]] = NumberReading(cell: fields[mean])
                units[fields[0]] = fields[unit]
            } else if fields.count == 2 {
                metadata[fields[0]] = fields[1]
            } else if fields.count > 2 {
                try session.skip(.line(reader.line), "expected \(header.count) fields as in the header, found \(fields.count)")
            }
        }
        var run = SourceRun(label: metadata["Variation Label"] ?? "aggregate")
        run.model = metadata["Model"]
        if let label = metadata["Variation Label"], let value = label.split(separator: "=").last, label.contains("concurrency=") {
            run.concurrency = Int(value)
        }
        AIPerfFigures(number: { means["\($0)_\($1)"] ?? .missing }, unit: { units["\($0)_avg"] }).report(into: &run)
        warnOfRounding(&run)
        AIPerfReader.warnOfAggregation(&run, runs: metadata["Number of Successful Runs"].flatMap { Int($0) })
        session.finish(run)
    }

    /// A row for each setting: the swept parameters, then `<tag>_<statistic>_mean`, `…_std`, ….
    func readSweep(_ content: [UInt8], into session: ImportSession) throws {
        session.tool = "aiperf"
        var reader = CSVReader(content)
        guard let header = reader.next() else { throw session.error(.wrongFormat, "expected the header of aiperf's sweep") }
        let isFigure = header.map { name in ["_mean", "_std", "_min", "_max", "_cv"].contains { name.hasSuffix($0) } }
        while let fields = reader.next(), fields != [""] {
            guard fields.count == header.count else {
                try session.skip(.line(reader.line), "expected \(header.count) fields as in the header, found \(fields.count)")
                continue
            }
            let cells = Dictionary(zip(header, fields)) { first, _ in first }
            let parameters = zip(header, fields).enumerated().filter { !isFigure[$0.offset] }.map(\.element)
            var run = SourceRun(label: parameters.map { "\($0.0) \($0.1)" }.joined(separator: ", "))
            run.concurrency = parameters.first { $0.0 == "concurrency" || $0.0.hasSuffix(".concurrency") }.flatMap { Int($0.1) }
            AIPerfFigures(number: { cells["\($0)_\($1)_mean"].map { NumberReading(cell: $0) } ?? .missing }, unit: { _ in nil })
                .report(into: &run)
            warnOfRounding(&run)
            AIPerfReader.warnOfAggregation(&run, runs: nil)
            session.finish(run)
        }
    }

    private func report(_ figures: [String: NumberReading], _ units: [String: String], into run: inout SourceRun) {
        AIPerfFigures(number: { figures["\($0)|\($1)"] ?? .missing }, unit: { units[$0] }).report(into: &run)
        warnOfRounding(&run)
    }

    private func warnOfRounding(_ run: inout SourceRun) {
        run.warn("aiperf's CSV rounds figures to two digits after the point; its JSON does not")
    }

    /// `Time to First Token (ms)` is the tag `time_to_first_token` in `ms`.
    private static func tag(_ title: String) -> (tag: String, unit: String?) {
        var name = title[...]
        var unit: String?
        if title.hasSuffix(")"), let open = title.lastIndex(of: "(") {
            name = title[..<open]
            unit = String(title[title.index(after: open)...].dropLast())
        }
        let words = name.split { !($0.isLetter || $0.isNumber) }
        return (words.map { $0.lowercased() }.joined(separator: "_"), unit)
    }
}
