import Documents
import FoundationEssentials
import Measurements

/// Our measurements as JSON lines.
struct MeasurementLineReader {
    func read(_ lines: LineSource, into session: ImportSession) throws {
        let rows = try JSONRows(paths: MeasurementField.allCases.map(\.name))
        let row = JSONMeasurementRow(rows: rows)
        var reader = MeasurementRowReader()
        var run = ownRun(session)
        while let line = try lines.next() {
            do {
                try rows.read(line)
                let measurement = try reader.read(row) { lineIdentity(line.bytes, number: line.number) }
                count(measurement, in: &run)
                try session.deliver(measurement)
            } catch let problem as RecordProblem {
                try session.skip(.line(line.number), problem.reason)
            } catch let error as DocumentError where error.kind != .unreadable {
                try session.skip(.line(line.number), error.column.map { "column \($0): \(error.message)" } ?? error.message)
            }
        }
        session.finish(run)
    }
}

/// Our measurements as CSV; columns in any order, unknown ones are passed over.
struct MeasurementTableReader {
    func read(_ lines: LineSource, into session: ImportSession) throws {
        guard let header = try lines.next() else { throw session.error(.malformed, "expected a header with column names") }
        var titles = CSVReader(Array(header.bytes))
        let names = titles.next() ?? []
        var columns = [Int?](repeating: nil, count: MeasurementField.allCases.count)
        for (index, name) in names.enumerated() {
            if let field = MeasurementField(name: name) { columns[field.column] = index }
        }
        guard MeasurementField.identifying.contains(where: { columns[$0.column] != nil }) else {
            let wanted = MeasurementField.identifying.map(\.name).joined(separator: ", ")
            throw session.error(
                .wrongFormat, "expected a header with at least one of \(wanted), found '\(names.joined(separator: ",").prefix(120))'")
        }
        try readRows(lines, columns: columns, count: names.count, into: session)
    }

    private func readRows(_ lines: LineSource, columns: [Int?], count fields: Int, into session: ImportSession) throws {
        var reader = MeasurementRowReader()
        var run = ownRun(session)
        var row = CSVMeasurementRow(columns: columns)
        while let line = try lines.next() {
            do {
                try row.cells.read(line.bytes, columns: fields)
                let measurement = try reader.read(row) { lineIdentity(line.bytes, number: line.number) }
                count(measurement, in: &run)
                try session.deliver(measurement)
            } catch let problem as RecordProblem {
                try session.skip(.line(line.number), problem.reason)
            }
        }
        session.finish(run)
    }
}

/// A stable identity for a line that names none.
func lineIdentity(_ bytes: UnsafeRawBufferPointer, number: Int) -> UUID {
    var digest = ContentDigest(seed: UInt32(truncatingIfNeeded: number))
    digest.update(bytes)
    return digest.uuid
}

private func ownRun(_ session: ImportSession) -> SourceRun {
    session.tool = "llm-auto-optimizer"
    var run = SourceRun(label: "measurements")
    run.define(
        .timeToFirstContent, .timePerTokenAfterFirst, .gapBetweenChunks, .endToLastByte, .prefillTime, .decodeTime, .connectionSetup)
    run.completed = 0
    run.failed = 0
    return run
}

private func count(_ measurement: InferenceMeasurement, in run: inout SourceRun) {
    if measurement.succeeded { run.completed = (run.completed ?? 0) + 1 } else { run.failed = (run.failed ?? 0) + 1 }
    if run.start == nil { run.start = measurement.time }
    if run.model == nil, !measurement.model.isEmpty { run.model = measurement.model }
}

private struct JSONMeasurementRow: MeasurementRow {
    let rows: JSONRows

    func number(_ field: MeasurementField) -> NumberReading { rows.number(field.column) }
    func text(_ field: MeasurementField) -> String? { rows.text(field.column) }
    func wholeNumber(_ field: MeasurementField) -> Int64? { rows.integer(field.column) }
    func flag(_ field: MeasurementField) -> Bool? { rows.boolean(field.column) }

    func withText<Result>(_ field: MeasurementField, _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result? {
        try rows.textBytes(field.column).map(body)
    }

    func withGaps(_ body: (UnsafeBufferPointer<Double>) throws -> Void) throws {
        if let gaps = rows.numbers(MeasurementField.chunkGaps.column) {
            try body(gaps)
        } else if rows.isPresent(MeasurementField.chunkGaps.column) {
            throw RecordProblem(reason: "chunk_gaps_ms is no list; expected a list of numbers")
        }
    }
}

private struct CSVMeasurementRow: MeasurementRow {
    /// Where each field stands, by the field's column.
    let columns: [Int?]
    var cells = CSVRow()

    init(columns: [Int?]) { self.columns = columns }

    func number(_ field: MeasurementField) -> NumberReading { cell(field).map { NumberReading(cell: $0) } ?? .missing }

    func text(_ field: MeasurementField) -> String? {
        guard let cell = cell(field), !cell.isEmpty else { return nil }
        // The apostrophe that the writer puts before what a spreadsheet would take for a formula.
        let bytes = cell.utf8
        let isMarked =
            bytes.first == MeasurementWriter.textMark && bytes.dropFirst().first.map(MeasurementWriter.formulaStarts.contains) == true
        return isMarked ? String(cell.dropFirst()) : cell
    }

    func wholeNumber(_ field: MeasurementField) -> Int64? { cell(field).flatMap { Int64($0) } }
    func flag(_ field: MeasurementField) -> Bool? { cell(field).flatMap { Bool($0.lowercased()) } }

    func withText<Result>(_ field: MeasurementField, _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result? {
        guard var text = text(field) else { return nil }
        return try text.withUTF8 { try body(UnsafeRawBufferPointer($0)) }
    }

    func withGaps(_ body: (UnsafeBufferPointer<Double>) throws -> Void) throws {
        guard let text = text(.chunkGaps) else { return }
        let gaps = try text.split(separator: " ").map { word -> Double in
            switch NumberReading(cell: word) {
            case .finite(let value): return value
            case .notFinite, .missing: return .nan
            case .notANumber: throw RecordProblem(reason: "chunk_gaps_ms holds '\(word.prefix(20))'; expected numbers separated by blanks")
            }
        }
        try gaps.withUnsafeBufferPointer(body)
    }

    private func cell(_ field: MeasurementField) -> String? { columns[field.column].map { cells[$0] } }
}
