/// Why bytes are not a histogram.
public struct HistogramEncodingError: Error, Sendable, Hashable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}

extension LatencyHistogram {
    /// The V2 encoding of HdrHistogram: a header of 40 bytes, then the counts as ZigZag LEB128, runs of zeros as their negative length.
    public var encodedV2: [UInt8] {
        var payload: [UInt8] = []
        var zeros: Int64 = 0
        for count in counts {
            if count == 0 {
                zeros += 1
                continue
            }
            if zeros > 0 { payload.appendZigZag(-zeros) }
            zeros = 0
            payload.appendZigZag(count)
        }
        var bytes: [UInt8] = []
        bytes.appendBigEndian(UInt32(Self.cookie))
        bytes.appendBigEndian(UInt32(payload.count))
        bytes.appendBigEndian(UInt32(0))  // Offset of the first count; not used.
        bytes.appendBigEndian(UInt32(Self.significantDigits))
        bytes.appendBigEndian(UInt64(1))  // The lowest value told from zero.
        bytes.appendBigEndian(UInt64(Self.highestValue))
        bytes.appendBigEndian((1.0).bitPattern)  // Units per integer.
        return bytes + payload
    }

    /// Reads the V2 encoding of a histogram of our own layout: 3 significant digits, unit 1.
    ///
    /// - Throws: `HistogramEncodingError` where the bytes are something else, are cut off or count more than fits.
    public init(encodedV2 bytes: [UInt8]) throws(HistogramEncodingError) {
        self.init()
        var reader = ByteReader(bytes: bytes)
        guard let cookie = reader.bigEndian(4), cookie == Self.cookie else {
            throw HistogramEncodingError("expected a histogram in HdrHistogram's V2 encoding, found other bytes")
        }
        guard let length = reader.bigEndian(4), reader.bigEndian(4) == 0, let digits = reader.bigEndian(4),
            let lowest = reader.bigEndian(8),
            reader.bigEndian(8) != nil, reader.bigEndian(8) != nil
        else { throw HistogramEncodingError("the header of the histogram is cut off or shifted") }
        guard digits == Self.significantDigits, lowest == 1 else {
            throw HistogramEncodingError("expected 3 significant digits and a unit of 1, found \(digits) and \(lowest)")
        }
        guard length == bytes.count - reader.position else {
            throw HistogramEncodingError("expected \(length) bytes of counts, found \(bytes.count - reader.position)")
        }
        var bucket = 0
        while reader.position < bytes.count {
            guard let number = reader.zigZag() else { throw HistogramEncodingError("a count of the histogram is cut off") }
            if number < 0 {
                guard number >= -1_000_000 else { throw HistogramEncodingError("the histogram skips \(number.magnitude) buckets") }
                bucket += Int(-number)
            } else {
                guard restore(number, at: bucket) else {
                    throw HistogramEncodingError("the histogram counts \(number) in bucket \(bucket), which does not fit")
                }
                bucket += 1
            }
        }
    }

    private static let cookie: UInt64 = 0x1C84_9313
}

private struct ByteReader {
    let bytes: [UInt8]
    var position = 0

    mutating func bigEndian(_ count: Int) -> UInt64? {
        guard position + count <= bytes.count else { return nil }
        defer { position += count }
        return bytes[position..<position + count].reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Up to nine bytes, seven bits each, the last one eight.
    mutating func zigZag() -> Int64? {
        var value: UInt64 = 0
        for step in 0..<9 {
            guard position < bytes.count else { return nil }
            let byte = bytes[position]
            position += 1
            if step == 8 {
                value |= UInt64(byte) << 56
                break
            }
            value |= UInt64(byte & 0x7F) << UInt64(7 * step)
            if byte & 0x80 == 0 { break }
        }
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }
}

extension [UInt8] {
    fileprivate mutating func appendBigEndian(_ value: UInt32) { Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) } }
    fileprivate mutating func appendBigEndian(_ value: UInt64) { Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) } }

    fileprivate mutating func appendZigZag(_ number: Int64) {
        var value = UInt64(bitPattern: (number << 1) ^ (number >> 63))
        for _ in 0..<8 {
            if value < 0x80 { return append(UInt8(value)) }
            append(UInt8(value & 0x7F) | 0x80)
            value >>= 7
        }
        append(UInt8(truncatingIfNeeded: value))
    }
}
