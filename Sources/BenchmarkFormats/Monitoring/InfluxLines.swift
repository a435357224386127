import FoundationEssentials
public import Measurements

/// One point for each request in InfluxDB's line protocol, timed in nanoseconds: the time it was sent.
///
/// Tags come from small sets; a value that was not measured is not written, for the protocol has neither null nor NaN.
public enum InfluxLines {
    /// The name all points have.
    public static let measurement = "llm_latency_lens"

    /// Without the line's end.
    /// - Parameter startedAt: Of the run, for a request that was never sent: its point stands where it was due.
    public static func line(_ record: RequestRecord, stage: String, startedAt: Timestamp) -> String {
        let found = record.measurement
        let tags = [
            ("endpoint", ForeignText.addressWithoutSecrets(found.endpoint)), ("error_type", found.error?.type ?? ""),
            ("model", found.model),
            ("provider", found.provider), ("scenario", record.scenario), ("stage", stage),
            ("status", found.succeeded ? "success" : "error"),
        ].filter { !$0.1.isEmpty }.map { "\($0.0)=\(escaped($0.1))" }
        let time = found.time ?? startedAt.advanced(by: record.moments.sent ?? record.moments.intended)
        return "\(measurement),\(tags.joined(separator: ",")) \(fields(record).joined(separator: ",")) \(time.nanosecondsSinceEpoch)"
    }

    static func file(_ run: BenchmarkRun) -> ExportedFile {
        ExportedFile(
            suffix: ".influx",
            lines: run.measuredRequests.lazy.map { line($0.record, stage: $0.stage.label, startedAt: run.startedAt) })
    }

    private static func fields(_ record: RequestRecord) -> [String] {
        let found = record.measurement
        let lengths: [(String, Nanoseconds?)] = [
            ("ttft_seconds", record.scheduledTimeToFirstToken), ("ttft_as_sent_seconds", found.timeToFirstToken),
            ("tpot_seconds", found.timePerOutputToken), ("e2e_seconds", record.scheduledEndToEnd), ("e2e_as_sent_seconds", found.endToEnd),
            ("schedule_lag_seconds", record.scheduleLag),
        ]
        let counts: [(String, Int?)] = [
            ("input_tokens", found.inputTokens), ("output_tokens", found.outputTokens), ("reasoning_tokens", record.reasoningTokens),
            ("cached_input_tokens", record.cachedInputTokens), ("error_code", found.error?.code),
        ]
        return lengths.compactMap { name, value in value.map { "\(name)=\($0.seconds)" } }
            + counts.compactMap { name, value in value.map { "\(name)=\($0)i" } }
            + ["attempts=\(record.earlierAttempts.count + 1)i", "id=\"\(found.id.uuidString.lowercased())\""]
    }

    /// A tag's value. A backslash at its end would escape the separator, and line breaks would end the point.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in ForeignText.printable(text).unicodeScalars {
            if scalar == "," || scalar == "=" || scalar == " " { result += "\\" }
            result.unicodeScalars.append(scalar)
        }
        return result.hasSuffix("\\") ? result + "\u{FFFD}" : result
    }
}
