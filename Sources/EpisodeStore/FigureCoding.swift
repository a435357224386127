import FoundationEssentials
import Learning

/// Optional numbers in order, in few bytes: one bit each for being known, low bits first in two bytes, then the known ones as 64-bit
/// floating point, little-endian. Thousands are read for one decision, which JSON would make a hundred times slower.
struct FigureWriter {
    private var known: UInt16 = 0
    private var index: UInt16 = 0
    private var bytes: [UInt8] = []

    mutating func append(_ figure: Double?) {
        if let figure {
            known |= 1 << index
            withUnsafeBytes(of: figure.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
        }
        index += 1
    }

    mutating func append(_ outcomes: OutcomeValues) {
        append(outcomes.timeToFirstToken)
        append(outcomes.timePerOutputToken)
        append(outcomes.throughput)
        append(outcomes.errorRate)
        append(outcomes.cost)
    }

    mutating func append(_ conditions: EpisodeConditions) {
        append(conditions.arrivalRate)
        append(conditions.inputTokens)
        append(conditions.outputTokens)
        append(conditions.prefixHitRate)
        append(conditions.dispersion)
        append(conditions.trend)
        append(conditions.readyReplicas)
    }

    var data: Data { Data([UInt8(truncatingIfNeeded: known), UInt8(known >> 8)] + bytes) }
}

/// Reads what ``FigureWriter`` wrote; what is missing at the end is not known.
struct FigureReader {
    private let bytes: UnsafeRawBufferPointer
    private let known: UInt16
    private var index: UInt16 = 0
    private var offset = 2

    /// - Returns: `nil` where there are more or fewer bytes than the bits tell.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= 2 else { return nil }
        known = UInt16(bytes[0]) | UInt16(bytes[1]) << 8
        guard bytes.count == 2 + 8 * known.nonzeroBitCount else { return nil }
        self.bytes = bytes
    }

    mutating func next() -> Double? {
        defer { index += 1 }
        guard index < 16, known & 1 << index != 0 else { return nil }
        defer { offset += 8 }
        return Double(bitPattern: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
    }

    mutating func outcomes() -> OutcomeValues {
        var outcomes = OutcomeValues()
        outcomes.timeToFirstToken = next()
        outcomes.timePerOutputToken = next()
        outcomes.throughput = next()
        outcomes.errorRate = next()
        outcomes.cost = next()
        return outcomes
    }

    mutating func conditions() -> EpisodeConditions {
        var conditions = EpisodeConditions()
        conditions.arrivalRate = next()
        conditions.inputTokens = next()
        conditions.outputTokens = next()
        conditions.prefixHitRate = next()
        conditions.dispersion = next()
        conditions.trend = next()
        conditions.readyReplicas = next()
        return conditions
    }
}

extension EpisodeWindow {
    var figures: Data {
        var writer = FigureWriter()
        writer.append(outcomes)
        writer.append(conditions)
        return writer.data
    }

    init?(figures: UnsafeRawBufferPointer) {
        guard var reader = FigureReader(figures) else { return nil }
        let outcomes = reader.outcomes()
        self.init(conditions: reader.conditions(), outcomes: outcomes)
    }
}

extension EpisodePredictions {
    var figures: Data {
        var writer = FigureWriter()
        for outcomes in [before, afterUnchanged, afterChanged] { writer.append(outcomes) }
        return writer.data
    }

    init?(figures: UnsafeRawBufferPointer) {
        guard var reader = FigureReader(figures) else { return nil }
        let before = reader.outcomes()
        let unchanged = reader.outcomes()
        self.init(before: before, afterUnchanged: unchanged, afterChanged: reader.outcomes())
    }
}

extension OutcomeValues {
    var figures: Data {
        var writer = FigureWriter()
        writer.append(self)
        return writer.data
    }

    init?(figures: UnsafeRawBufferPointer) {
        guard var reader = FigureReader(figures) else { return nil }
        self = reader.outcomes()
    }
}

extension MeasuredEffect {
    var figures: Data {
        var writer = FigureWriter()
        for figure in [logRatio, standardError, lower, upper] { writer.append(figure) }
        return writer.data
    }

    init?(figures: UnsafeRawBufferPointer) {
        guard var reader = FigureReader(figures), let ratio = reader.next(), let error = reader.next(), let lower = reader.next(),
            let upper = reader.next()
        else { return nil }
        self.init(logRatio: ratio, standardError: error, lower: lower, upper: upper)
    }
}

/// Numbers that are all known, little-endian.
enum NumberList {
    static func encode(_ numbers: [Double]) -> Data {
        numbers.map(\.bitPattern.littleEndian).withUnsafeBytes { Data($0) }
    }

    /// - Returns: `nil` where the bytes are no whole number of numbers.
    static func decode(_ data: Data) -> [Double]? {
        guard data.count.isMultiple(of: 8) else { return nil }
        return data.withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: 8).map {
                Double(bitPattern: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt64.self)))
            }
        }
    }
}
