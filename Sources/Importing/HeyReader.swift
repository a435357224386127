import Documents
import Measurements

/// The CSV of hey: `response-time,DNS+dialup,DNS,Request-write,Response-delay,Response-read,status-code,offset`, in seconds.
struct HeyReader {
    private enum Column: Int, CaseIterable {
        case responseTime, connection, nameLookup, requestWrite, responseDelay, responseRead, status, offset
    }

    func read(_ lines: LineSource, into session: ImportSession) throws {
        session.tool = "hey"
        guard let header = try lines.next(), header.bytes.starts(with: "response-time,DNS+dialup".utf8) else {
            throw session.error(.wrongFormat, "expected the header 'response-time,DNS+dialup,…' of hey's CSV output")
        }
        var run = SourceRun(label: "hey")
        run.define(.timeToFirstByte, .endToLastByte, .connectionSetup)
        run.warn(
            "hey knows no tokens: ttft is the time to the first byte of the answer, which tells of tokens only where the answer is streamed"
        )
        run.warn("hey's file has no time of day; the measurements have none")
        run.completed = 0
        run.failed = 0
        var row = CSVRow()
        var end = 0.0
        while let line = try lines.next() {
            try session.record(at: .line(line.number)) {
                try row.read(line.bytes, columns: Column.allCases.count)
                var measurement = InferenceMeasurement(id: lineIdentity(line.bytes, number: line.number))
                try fill(&measurement, from: row)
                if measurement.succeeded { run.completed = (run.completed ?? 0) + 1 } else { run.failed = (run.failed ?? 0) + 1 }
                end = max(end, (reading(row, .offset).value ?? 0) + (reading(row, .responseTime).value ?? 0))
                return measurement
            }
        }
        if end > 0 { run.duration = Nanoseconds(seconds: end) }
        session.finish(run)
    }

    private func fill(_ measurement: inout InferenceMeasurement, from row: CSVRow) throws {
        guard !reading(row, .responseTime).isMissing else { throw RecordProblem(reason: "response-time is empty; expected seconds") }
        try measurement.take(.endToEnd, reading(row, .responseTime), unit: 1, from: "response-time")
        try measurement.take(.network, reading(row, .connection), unit: 1, from: "DNS+dialup")
        if let connection = reading(row, .connection).value, let write = reading(row, .requestWrite).value,
            let delay = reading(row, .responseDelay).value
        {
            try measurement.take(.timeToFirstToken, .finite(connection + write + delay), unit: 1, from: "Response-delay")
        }
        guard let status = Int(row[Column.status.rawValue]) else {
            throw RecordProblem(reason: "status-code is '\(row[Column.status.rawValue])'; expected an HTTP status")
        }
        if !(200..<300).contains(status) { measurement.error = InferenceError(type: "http_\(status)", code: status) }
    }

    private func reading(_ row: CSVRow, _ column: Column) -> NumberReading { NumberReading(cell: row[column.rawValue]) }
}
