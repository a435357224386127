import Documents
import FoundationEssentials
public import Measurements

/// Writes measurements in a form that ``importFile(at:options:progress:into:)`` reads back without loss.
public enum MeasurementWriter {
    /// One JSON object on one line, without the line's end.
    public static func jsonLine(_ measurement: InferenceMeasurement) -> String {
        let members = MeasurementField.written.compactMap { field in
            cell(field, of: measurement).map { "\"\(field.name)\":\($0.json)" }
        }
        return "{" + members.joined(separator: ",") + "}"
    }

    /// The names of the columns, without the line's end.
    public static let csvHeader = MeasurementField.written.map(\.name).joined(separator: ",")

    /// One record on one line, without the line's end; a line break in a text becomes a blank.
    public static func csvLine(_ measurement: InferenceMeasurement) -> String {
        MeasurementField.written.map { cell($0, of: measurement)?.csv ?? "" }.joined(separator: ",")
    }

    private enum Cell {
        case text(String)
        case number(String)
        case notFinite
        case numbers([String])

        var json: String {
            switch self {
            case .text(let text): DocumentValue.string(text).json
            case .number(let text): text
            case .notFinite: "\"NaN\""
            case .numbers(let list): "[" + list.joined(separator: ",") + "]"
            }
        }

        var csv: String {
            switch self {
            case .text(let text): MeasurementWriter.csvText(text)
            case .number(let text): text
            case .notFinite: "NaN"
            case .numbers(let list): list.joined(separator: " ")
            }
        }
    }

    private static func cell(_ field: MeasurementField, of measurement: InferenceMeasurement) -> Cell? {
        switch field {
        case .measurementID: .text(measurement.id.uuidString.lowercased())
        case .timestamp: measurement.time.map { .text($0.description) }
        case .intendedTimestamp: measurement.intendedTime.map { .text($0.description) }
        case .model: text(measurement.model)
        case .provider: text(measurement.provider)
        case .endpoint: text(measurement.endpoint)
        case .timeToFirstToken: latency(.timeToFirstToken, of: measurement)
        case .timePerOutputToken: latency(.timePerOutputToken, of: measurement)
        case .endToEnd: latency(.endToEnd, of: measurement)
        case .prefill: latency(.prefill, of: measurement)
        case .decode: latency(.decode, of: measurement)
        case .queue: latency(.queue, of: measurement)
        case .network: latency(.network, of: measurement)
        case .chunkGaps: gaps(of: measurement)
        case .inputTokens: number(measurement.inputTokens, .inputTokens, of: measurement)
        case .outputTokens: number(measurement.outputTokens, .outputTokens, of: measurement)
        case .gpuUtilization: number(measurement.gpuUtilization, .gpuUtilization, of: measurement)
        case .memoryUtilization: number(measurement.memoryUtilization, .memoryUtilization, of: measurement)
        case .keyValueCacheUtilization: number(measurement.keyValueCacheUtilization, .keyValueCacheUtilization, of: measurement)
        case .errorType: measurement.error.map { .text($0.type) }
        case .errorMessage: measurement.error.flatMap { text($0.message) }
        case .errorCode: measurement.error?.code.map { .number(String($0)) }
        case .errorText, .nestedErrorType, .nestedErrorMessage, .nestedErrorCode, .success, .totalDuration, .nameLookup, .connect,
            .handshake, .gpuUtilizationPercent, .memoryUtilizationPercent,
            .keyValueCacheUtilizationPercent:
            nil
        }
    }

    private static func text(_ text: String) -> Cell? { text.isEmpty ? nil : .text(text) }

    private static func latency(_ metric: LatencyMetric, of measurement: InferenceMeasurement) -> Cell? {
        if let value = measurement[metric] { return .number(value.millisecondsText) }
        return measurement.notFinite.contains(InferenceMeasurement.FieldSet(metric)) ? .notFinite : nil
    }

    private static func gaps(of measurement: InferenceMeasurement) -> Cell? {
        var list = measurement.chunkGaps?.map(\.millisecondsText)
        if measurement.notFinite.contains(.chunkGaps) { list = (list ?? []) + ["null"] }
        return list.map { .numbers($0) }
    }

    private static func number(
        _ value: (some CustomStringConvertible)?, _ field: InferenceMeasurement.FieldSet, of measurement: InferenceMeasurement
    ) -> Cell? {
        if let value { return .number(value.description) }
        return measurement.notFinite.contains(field) ? .notFinite : nil
    }

    /// What a spreadsheet takes for the beginning of a formula; and the mark before it, so that it can be taken away again.
    static let formulaStarts: Set<UInt8> = [
        UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "@"), UInt8(ascii: "\t"), textMark,
    ]
    static let textMark = UInt8(ascii: "'")

    /// A CSV field of a text that others may have written, as ``csvField(_:)``; an apostrophe before what a spreadsheet would compute.
    public static func csvText(_ text: String) -> String {
        csvField(text.utf8.first.map(formulaStarts.contains) == true ? "'" + text : text)
    }

    /// A CSV field on one line, in quotes where it must be; a line break becomes a blank.
    public static func csvField(_ text: String) -> String {
        var single = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { single.append(scalar == "\n" || scalar == "\r" ? " " : scalar) }
        let line = String(single)
        guard line.utf8.contains(where: { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") }) else { return line }
        return "\"" + line.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
