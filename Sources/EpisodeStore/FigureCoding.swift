import FoundationEssentials
import Learning

/// Optional numbers in order, in few bytes: one bit each for being known, low bits first in eight bytes, then the known ones as 64-bit
/// floating point, little-endian. Thousands are read for one decision, which JSON would make a hundred times slower.
struct FigureWriter {
    private var known: UInt64 = 0
    private var index: UInt64 = 0
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
        append(outcomes.endToEnd)
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

    mutating func append(_ window: EpisodeWindow) {
        append(window.outcomes)
        append(window.conditions)
    }

    mutating func append(_ effect: MeasuredEffect?) {
        append(effect?.logRatio)
        append(effect?.standardError)
        append(effect?.lower)
        append(effect?.upper)
    }

    var data: Data { withUnsafeBytes(of: known.littleEndian) { Data($0) } + bytes }
}

/// Reads what ``FigureWriter`` wrote; what is missing at the end is not known.
struct FigureReader {
    private let bytes: UnsafeRawBufferPointer
    private let known: UInt64
    private var index: UInt64 = 0
    private var offset = 8

    /// - Returns: `nil` where there are more or fewer bytes than the bits tell.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= 8 else { return nil }
        known = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard bytes.count == 8 + 8 * known.nonzeroBitCount else { return nil }
        self.bytes = bytes
    }

    mutating func next() -> Double? {
        defer { index += 1 }
        guard index < 64, known & 1 << index != 0 else { return nil }
        defer { offset += 8 }
        return Double(bitPattern: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
    }

    mutating func outcomes() -> OutcomeValues {
        var outcomes = OutcomeValues()
        outcomes.timeToFirstToken = next()
        outcomes.timePerOutputToken = next()
        outcomes.endToEnd = next()
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

    mutating func window() -> EpisodeWindow {
        let outcomes = outcomes()
        return EpisodeWindow(conditions: conditions(), outcomes: outcomes)
    }

    mutating func effect() -> MeasuredEffect? {
        let (ratio, error, lower, upper) = (next(), next(), next(), next())
        guard let ratio, let error, let lower, let upper else { return nil }
        return MeasuredEffect(logRatio: ratio, standardError: error, lower: lower, upper: upper)
    }
}

/// What is known of an episode when it is opened.
struct OpeningFigures {
    var before: EpisodeWindow
    var predictions: EpisodePredictions

    init(_ episode: EpisodeRecord) {
        before = episode.before
        predictions = episode.predictions
    }

    init?(_ bytes: UnsafeRawBufferPointer) {
        guard var reader = FigureReader(bytes) else { return nil }
        before = reader.window()
        let expected = reader.outcomes()
        let unchanged = reader.outcomes()
        predictions = EpisodePredictions(before: expected, afterUnchanged: unchanged, afterChanged: reader.outcomes())
    }

    var data: Data {
        var writer = FigureWriter()
        writer.append(before)
        for outcomes in [predictions.before, predictions.afterUnchanged, predictions.afterChanged] { writer.append(outcomes) }
        return writer.data
    }
}

/// What is known of an episode when it is closed.
struct ClosingFigures {
    var after: EpisodeWindow
    var effect: MeasuredEffect?
    /// Missing in what was written before canaries were learned from.
    var contrasts: [Outcome: MeasuredEffect] = [:]

    /// The order they are written in; what comes to it comes to its end.
    private static let order: [Outcome] = [.timeToFirstToken, .timePerOutputToken, .endToEnd, .throughput, .errorRate, .cost]

    init(_ closure: EpisodeClosure) {
        after = closure.after
        effect = closure.effect
        contrasts = closure.contrasts
    }

    init?(_ bytes: UnsafeRawBufferPointer) {
        guard var reader = FigureReader(bytes) else { return nil }
        after = reader.window()
        effect = reader.effect()
        for outcome in Self.order { contrasts[outcome] = reader.effect() }
    }

    var data: Data {
        var writer = FigureWriter()
        writer.append(after)
        writer.append(effect)
        for outcome in Self.order { writer.append(contrasts[outcome]) }
        return writer.data
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
