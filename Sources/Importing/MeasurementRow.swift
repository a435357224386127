import Documents
import FoundationEssentials
import Measurements

/// What a line of our own measurement files gives, whatever it is written in.
protocol MeasurementRow {
    func number(_ field: MeasurementField) -> NumberReading
    func text(_ field: MeasurementField) -> String?
    /// The bytes of a text, for what is compared or parsed without making a `String` of it; they live during the call.
    func withText<Result>(_ field: MeasurementField, _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result?
    func wholeNumber(_ field: MeasurementField) -> Int64?
    func flag(_ field: MeasurementField) -> Bool?
    /// Gaps in milliseconds, NaN for what is not finite; `nil` where there is no list.
    func withGaps(_ body: (UnsafeBufferPointer<Double>) throws -> Void) throws
}

/// Turns rows into measurements; remembers the last model, provider and endpoint, which rarely change.
struct MeasurementRowReader {
    private var models = RecentText()
    private var providers = RecentText()
    private var endpoints = RecentText()

    /// - Parameter identity: Used where the row has none.
    mutating func read(_ row: some MeasurementRow, identity: () -> UUID) throws -> InferenceMeasurement {
        var measurement = InferenceMeasurement(id: Self.identity(row) ?? identity())
        measurement.time = try Self.time(row, .timestamp)
        measurement.intendedTime = try Self.time(row, .intendedTimestamp)
        if let model = row.withText(.model, { models.string($0) }) { measurement.model = model }
        if let provider = row.withText(.provider, { providers.string($0) }) { measurement.provider = provider }
        if let endpoint = row.withText(.endpoint, { endpoints.string($0, withoutCredentials) }) { measurement.endpoint = endpoint }
        try Self.readLatencies(row, into: &measurement)
        try measurement.takeInputTokens(row.number(.inputTokens), from: "input_tokens")
        try measurement.takeOutputTokens(row.number(.outputTokens), from: "output_tokens")
        try Self.readUtilization(row, into: &measurement)
        measurement.error = try Self.error(row)
        return measurement
    }

    private static func identity(_ row: some MeasurementRow) -> UUID? {
        row.withText(.measurementID) { bytes -> UUID? in
            guard !bytes.isEmpty else { return nil }
            if let uuid = UUID(text: bytes) { return uuid }
            var digest = ContentDigest()
            digest.update(bytes)
            return digest.uuid
        } ?? nil
    }

    private static func time(_ row: some MeasurementRow, _ field: MeasurementField) throws(RecordProblem) -> Timestamp? {
        if let exact = row.wholeNumber(field) { return Timestamp(epoch: exact) }
        if let value = row.number(field).value { return Timestamp(epoch: value) }
        let parsed = row.withText(field) { (isEmpty: $0.isEmpty, time: Timestamp(iso8601: $0)) }
        if parsed == nil && row.number(field).isMissing || parsed?.isEmpty == true { return nil }
        guard let time = parsed?.time else {
            let found = row.text(field).map { "is '\($0.prefix(40))'" } ?? "is no time"
            throw RecordProblem(reason: "\(field.name) \(found); expected ISO 8601 or a number since 1970")
        }
        return time
    }

    private static func readLatencies(_ row: some MeasurementRow, into measurement: inout InferenceMeasurement) throws {
        let milli = 1e-3
        try measurement.take(.timeToFirstToken, row.number(.timeToFirstToken), unit: milli, from: "ttft_ms")
        try measurement.take(.timePerOutputToken, row.number(.timePerOutputToken), unit: milli, from: "tpot_ms")
        try measurement.take(.endToEnd, row.number(.endToEnd), unit: milli, from: "e2e_ms")
        if measurement.endToEnd == nil {
            try measurement.take(.endToEnd, row.number(.totalDuration), unit: milli, from: "total_duration_ms")
        }
        try measurement.take(.prefill, row.number(.prefill), unit: milli, from: "prefill_ms")
        try measurement.take(.decode, row.number(.decode), unit: milli, from: "decode_ms")
        try measurement.take(.queue, row.number(.queue), unit: milli, from: "queue_ms")
        try measurement.take(.network, row.number(.network), unit: milli, from: "network_ms")
        if measurement.network == nil { try readNetworkParts(row, into: &measurement) }
        try row.withGaps { try measurement.takeGaps($0, unit: milli, from: "chunk_gaps_ms") }
    }

    private static func readNetworkParts(_ row: some MeasurementRow, into measurement: inout InferenceMeasurement) throws {
        var total: Nanoseconds?
        func add(_ field: MeasurementField, _ name: StaticString) throws {
            let reading = row.number(field)
            guard !reading.isMissing else { return }
            var part = InferenceMeasurement(id: measurement.id)
            try part.take(.network, reading, unit: 1e-3, from: name)
            measurement.notFinite.formUnion(part.notFinite)
            if let length = part.network { total = (total ?? Nanoseconds(0)) + length }
        }
        try add(.nameLookup, "dns_ms")
        try add(.connect, "connect_ms")
        try add(.handshake, "tls_ms")
        measurement.network = total
    }

    private static func readUtilization(_ row: some MeasurementRow, into measurement: inout InferenceMeasurement) throws {
        try measurement.takeUtilization(.gpu, row.number(.gpuUtilization), scale: 1, from: "gpu_utilization")
        try measurement.takeUtilization(.memory, row.number(.memoryUtilization), scale: 1, from: "memory_utilization")
        try measurement.takeUtilization(.keyValueCache, row.number(.keyValueCacheUtilization), scale: 1, from: "kv_cache_utilization")
        try measurement.takeUtilization(.gpu, row.number(.gpuUtilizationPercent), scale: 0.01, from: "gpu_utilization_percent")
        try measurement.takeUtilization(.memory, row.number(.memoryUtilizationPercent), scale: 0.01, from: "memory_utilization_percent")
        try measurement.takeUtilization(
            .keyValueCache, row.number(.keyValueCacheUtilizationPercent), scale: 0.01, from: "kv_cache_utilization_percent")
    }

    private static func error(_ row: some MeasurementRow) throws -> InferenceError? {
        let type = row.text(.errorType) ?? row.text(.nestedErrorType) ?? ""
        let message = row.text(.errorMessage) ?? row.text(.nestedErrorMessage) ?? row.text(.errorText) ?? ""
        let code = (row.wholeNumber(.errorCode) ?? row.wholeNumber(.nestedErrorCode)).flatMap { Int(exactly: $0) }
        let isFailure = row.flag(.success) == false || row.flag(.errorText) == true
        if type.isEmpty && message.isEmpty && code == nil { return isFailure ? InferenceError(type: "other") : nil }
        if type.isEmpty { return InferenceError(text: message, code: code) }
        return InferenceError(type: String(type.prefix(100)), message: message, code: code)
    }
}

/// The `String` of a text that is mostly the same as the last one.
private struct RecentText {
    private var bytes: [UInt8] = []
    private var text = ""

    /// - Parameter transform: Applied to a text when it is new.
    mutating func string(_ new: UnsafeRawBufferPointer, _ transform: (String) -> String = { $0 }) -> String {
        if new.count == bytes.count, isLast(new) { return text }
        bytes = Array(new)
        text = ForeignText.printable(String(transform(String(decoding: new, as: UTF8.self)).prefix(500)))
        return text
    }

    private func isLast(_ new: UnsafeRawBufferPointer) -> Bool {
        for index in bytes.indices where bytes[index] != new[index] { return false }
        return true
    }
}

/// An address without user, password, query and fragment, which may hold keys that belong in no store.
func withoutCredentials(_ address: String) -> String {
    let shown = address.prefix { $0 != "?" && $0 != "#" }
    guard let scheme = shown.firstRange(of: "://") else { return String(shown) }
    let authority = shown[scheme.upperBound...].prefix { $0 != "/" }
    guard let at = authority.lastIndex(of: "@") else { return String(shown) }
    return String(shown[..<scheme.upperBound] + shown[shown.index(after: at)...])
}

extension Timestamp {
    /// A number since 1970 in seconds, milliseconds, microseconds or nanoseconds: today's numbers in the four differ by a factor of 1000.
    init(epoch number: Int64) {
        let scale: Int64 =
            switch number.magnitude {
            case ..<100_000_000_000: 1_000_000_000
            case ..<100_000_000_000_000: 1_000_000
            case ..<100_000_000_000_000_000: 1_000
            default: 1
            }
        let (scaled, overflow) = number.multipliedReportingOverflow(by: scale)
        self.init(nanosecondsSinceEpoch: overflow ? (number < 0 ? .min : .max) : scaled)
    }

    init(epoch number: Double) {
        switch abs(number) {
        case ..<1e11: self.init(secondsSinceEpoch: number)
        case ..<1e14: self.init(secondsSinceEpoch: number / 1e3)
        case ..<1e17: self.init(secondsSinceEpoch: number / 1e6)
        default: self.init(secondsSinceEpoch: number / 1e9)
        }
    }
}
