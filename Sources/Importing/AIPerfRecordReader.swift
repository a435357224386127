import Documents
import FoundationEssentials
import Measurements

/// aiperf's `profile_export.jsonl`: one request a line, times in nanoseconds since 1970.
struct AIPerfRecordReader {
    private enum Column: String, CaseIterable {
        case identity = "metadata/x_request_id"
        case start = "metadata/request_start_ns"
        case issued = "metadata/credit_issued_ns"
        case phase = "metadata/benchmark_phase"
        case cancelled = "metadata/was_cancelled"
        case timeToFirstToken = "metrics/time_to_first_token/value"
        case interTokenLatency = "metrics/inter_token_latency/value"
        case gaps = "metrics/inter_chunk_latency/value"
        case latency = "metrics/request_latency/value"
        case connection = "metrics/http_req_connection_overhead/value"
        case inputLength = "metrics/input_sequence_length/value"
        case outputLength = "metrics/output_sequence_length/value"
        case usageInput = "metrics/usage_prompt_tokens/value"
        case usageOutput = "metrics/usage_completion_tokens/value"
        case error
        case errorCode = "error/code"
        case errorType = "error/type"
        case errorMessage = "error/message"

        var number: Int { Self.numbers[self] ?? 0 }
        private static let numbers = Dictionary(uniqueKeysWithValues: allCases.enumerated().map { ($1, $0) })
    }

    func read(_ lines: LineSource, into session: ImportSession) throws {
        session.tool = "aiperf"
        let rows = try JSONRows(paths: Column.allCases.map(\.rawValue))
        var run = SourceRun(label: "records")
        run.define(.timeToFirstContent, .timePerTokenAfterFirst, .gapBetweenChunks, .endToLastContent, .connectionSetup)
        run.warn("aiperf's request latency ends at the last content chunk, not at the last byte")
        run.completed = 0
        run.failed = 0
        var span = Span()
        var warmUps = 0
        while let line = try lines.next() {
            do {
                try rows.read(line)
                if rows.textBytes(Column.phase.number)?.elementsEqual("warmup".utf8) == true {
                    warmUps += 1
                    continue
                }
                let measurement = try measurement(rows, line)
                if measurement.succeeded { run.completed = (run.completed ?? 0) + 1 } else { run.failed = (run.failed ?? 0) + 1 }
                span.include(measurement)
                try session.deliver(measurement)
            } catch let problem as RecordProblem {
                try session.skip(.line(line.number), problem.reason)
            } catch let error as DocumentError where error.kind != .unreadable {
                try session.skip(.line(line.number), error.column.map { "column \($0): \(error.message)" } ?? error.message)
            }
        }
        if warmUps > 0 { run.warn("\(warmUps) records of the warm-up were left out") }
        run.start = span.start
        run.duration = span.length
        session.finish(run)
    }

    private func measurement(_ rows: JSONRows, _ line: LineReader.Line) throws -> InferenceMeasurement {
        guard rows.isPresent(Column.start.number) else {
            throw RecordProblem(reason: "metadata.request_start_ns is missing; expected a record of aiperf")
        }
        let id = rows.textBytes(Column.identity.number).flatMap { UUID(text: $0) }
        var measurement = InferenceMeasurement(id: id ?? lineIdentity(line.bytes, number: line.number))
        measurement.time = rows.integer(Column.start.number).map { Timestamp(nanosecondsSinceEpoch: $0) }
        measurement.intendedTime = rows.integer(Column.issued.number).map { Timestamp(nanosecondsSinceEpoch: $0) }
        try readTokens(rows, into: &measurement)
        measurement.error = error(rows)
        guard measurement.succeeded else { return measurement }
        let milli = 1e-3
        try measurement.take(.timeToFirstToken, rows.number(Column.timeToFirstToken.number), unit: milli, from: "time_to_first_token")
        try measurement.take(.timePerOutputToken, rows.number(Column.interTokenLatency.number), unit: milli, from: "inter_token_latency")
        try measurement.take(.endToEnd, rows.number(Column.latency.number), unit: milli, from: "request_latency")
        try measurement.take(.network, rows.number(Column.connection.number), unit: milli, from: "http_req_connection_overhead")
        if let gaps = rows.numbers(Column.gaps.number) { try measurement.takeGaps(gaps, unit: milli, from: "inter_chunk_latency") }
        return measurement
    }

    /// The server's own count where it gave one, aiperf's tokenizer's otherwise.
    private func readTokens(_ rows: JSONRows, into measurement: inout InferenceMeasurement) throws {
        let input = rows.number(Column.usageInput.number)
        let output = rows.number(Column.usageOutput.number)
        try measurement.takeInputTokens(input.isMissing ? rows.number(Column.inputLength.number) : input, from: "usage_prompt_tokens")
        try measurement.takeOutputTokens(
            output.isMissing ? rows.number(Column.outputLength.number) : output, from: "usage_completion_tokens")
    }

    private func error(_ rows: JSONRows) -> InferenceError? {
        if rows.isPresent(Column.error.number) {
            let type = rows.text(Column.errorType.number) ?? ""
            let code = rows.integer(Column.errorCode.number).flatMap { Int(exactly: $0) }
            let message = rows.text(Column.errorMessage.number) ?? ""
            let sorted = InferenceError(text: "\(type) \(message)", code: code)
            return InferenceError(type: sorted.type, message: message.isEmpty ? type : message, code: sorted.code)
        }
        return rows.boolean(Column.cancelled.number) == true ? InferenceError(type: "cancelled") : nil
    }
}

/// From the first request's start to the last one's end.
private struct Span {
    private(set) var start: Timestamp?
    private var end: Timestamp?

    var length: Nanoseconds? {
        guard let start, let end else { return nil }
        return end.since(start)
    }

    mutating func include(_ measurement: InferenceMeasurement) {
        guard let time = measurement.time else { return }
        let done = measurement.endToEnd.map { time.advanced(by: $0) } ?? time
        start = start.map { min($0, time) } ?? time
        end = end.map { max($0, done) } ?? done
    }
}
