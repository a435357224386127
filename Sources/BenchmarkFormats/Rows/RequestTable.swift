import Importing
public import Measurements

/// One row for each request, as CSV by RFC 4180.
///
/// The first columns are those of our measurement files, so that `import` reads the file back; a cell is empty where nothing was
/// measured, `NaN` where the reading was not finite, and `0` where it was zero. Lengths are milliseconds, exact to the nanosecond. Columns
/// are only ever added, and at the end.
public enum RequestTable {
    /// Without the line's end.
    public static let header = MeasurementWriter.csvHeader + "," + columns.map(\.name).joined(separator: ",")

    /// Without the line's end.
    public static func row(_ record: RequestRecord, stage: String) -> String {
        MeasurementWriter.csvLine(record.measurement) + ","
            + columns.map { $0.cell(record, stage) }.joined(separator: ",")
    }

    static func file(_ run: BenchmarkRun) -> ExportedFile {
        let rows = run.measuredRequests.lazy.map { row($0.record, stage: $0.stage.label) }
        return ExportedFile(suffix: ".csv", lines: inOrder(AnySequence([header]), AnySequence(rows)), end: "\r\n")
    }

    private struct Column: Sendable {
        let name: String
        /// As it stands in the file.
        let cell: @Sendable (RequestRecord, _ stage: String) -> String
    }

    private static let columns: [Column] = [
        Column(name: "stage") { MeasurementWriter.csvText($1) },
        Column(name: "scenario") { record, _ in MeasurementWriter.csvText(record.scenario) },
        length("intended_ms") { $0.moments.intended },
        length("sent_ms") { $0.moments.sent },
        length("schedule_lag_ms") { $0.scheduleLag },
        length("scheduled_ttft_ms") { $0.scheduledTimeToFirstToken },
        length("scheduled_e2e_ms") { $0.scheduledEndToEnd },
        length("ttft_header_ms") { $0.sinceSent($0.moments.head) },
        length("ttft_role_ms") { $0.sinceSent($0.moments.role) },
        length("ttft_visible_ms") { $0.sinceSent($0.moments.firstVisible) },
        length("dns_ms") { $0.connection.dns },
        length("connect_ms") { $0.connection.connect },
        length("tls_ms") { $0.connection.tls },
        Column(name: "connection_reused") { record, _ in String(record.connection.wasReused) },
        Column(name: "tokens_per_event") { record, _ in (record.tokensPerEvent ?? []).map(String.init).joined(separator: " ") },
        Column(name: "tokens_estimated") { record, _ in String(record.tokensAreEstimated) },
        count("reasoning_tokens") { $0.reasoningTokens },
        count("cached_input_tokens") { $0.cachedInputTokens },
        Column(name: "finish_reason") { record, _ in MeasurementWriter.csvText(ForeignText.printable(record.finishReason ?? "")) },
        Column(name: "attempts") { record, _ in String(record.earlierAttempts.count + 1) },
    ]

    private static func length(_ name: String, _ value: @escaping @Sendable (RequestRecord) -> Nanoseconds?) -> Column {
        Column(name: name) { record, _ in value(record)?.millisecondsText ?? "" }
    }

    private static func count(_ name: String, _ value: @escaping @Sendable (RequestRecord) -> Int?) -> Column {
        Column(name: name) { record, _ in value(record).map(String.init) ?? "" }
    }
}
