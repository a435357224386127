/// A point in time: whole nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted. Written in ISO 8601 everywhere.
public struct Timestamp: Sendable, Hashable, Comparable {
    public let nanosecondsSinceEpoch: Int64

    public init(nanosecondsSinceEpoch: Int64) { self.nanosecondsSinceEpoch = nanosecondsSinceEpoch }

    /// - Parameter secondsSinceEpoch: Finite; a Double keeps today's times to about 0.2 µs. Times beyond 292 years are clamped.
    public init(secondsSinceEpoch: Double) {
        guard abs(secondsSinceEpoch) < 9.2e9 else {
            nanosecondsSinceEpoch = secondsSinceEpoch < 0 ? .min : .max
            return
        }
        // In one product the nanoseconds of today's times would be rounded to 256.
        let whole = secondsSinceEpoch.rounded(.down)
        nanosecondsSinceEpoch = Int64(whole) * 1_000_000_000 + Int64(((secondsSinceEpoch - whole) * 1e9).rounded())
    }

    public var secondsSinceEpoch: Double { Double(nanosecondsSinceEpoch) / 1e9 }

    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.nanosecondsSinceEpoch < right.nanosecondsSinceEpoch }

    /// The time this much later; saturates at the ends of the representable range.
    public func advanced(by duration: Duration) -> Timestamp { advanced(by: Nanoseconds(seconds: duration.inSeconds)) }

    /// The time this much later; saturates at the ends of the representable range.
    public func advanced(by interval: Nanoseconds) -> Timestamp {
        let (sum, overflow) = nanosecondsSinceEpoch.addingReportingOverflow(interval.count)
        return Timestamp(nanosecondsSinceEpoch: overflow ? (interval.count > 0 ? .max : .min) : sum)
    }

    /// How long after another time this is; negative before it.
    public func since(_ earlier: Timestamp) -> Nanoseconds {
        let (difference, overflow) = nanosecondsSinceEpoch.subtractingReportingOverflow(earlier.nanosecondsSinceEpoch)
        return Nanoseconds(overflow ? (self > earlier ? .max : .min) : difference)
    }
}

extension Timestamp: CustomStringConvertible {
    /// ISO 8601 in UTC with as many fractional digits as are needed in groups of three: `2026-11-21T02:41:33.050Z`.
    public var description: String {
        let billion: Int64 = 1_000_000_000
        let seconds = floorDivide(nanosecondsSinceEpoch, billion)
        // Not by multiplying back: of the earliest times that overflows.
        let remainder = nanosecondsSinceEpoch % billion
        let fraction = remainder < 0 ? remainder + billion : remainder
        let days = floorDivide(seconds, 86_400)
        let secondOfDay = seconds - days * 86_400
        let (year, month, day) = civilDate(daysSinceEpoch: days)
        let clock = "\(two(secondOfDay / 3_600)):\(two(secondOfDay / 60 % 60)):\(two(secondOfDay % 60))"
        return "\(padded(year, 4))-\(two(month))-\(two(day))T\(clock)\(fractionText(fraction))Z"
    }

    private func fractionText(_ nanoseconds: Int64) -> String {
        if nanoseconds == 0 { return "" }
        if nanoseconds % 1_000_000 == 0 { return "." + padded(nanoseconds / 1_000_000, 3) }
        if nanoseconds % 1_000 == 0 { return "." + padded(nanoseconds / 1_000, 6) }
        return "." + padded(nanoseconds, 9)
    }

    private func two(_ number: Int64) -> String { padded(number, 2) }

    private func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}

extension Timestamp {
    /// Reads ISO 8601: `2026-11-21T02:41:33Z`, with up to nine fractional digits, a blank for the `T`, and an offset such as `+01:00`.
    ///
    /// A time without an offset is taken as UTC.
    /// - Returns: `nil` for anything else, including dates that do not exist.
    public init?(iso8601 text: some StringProtocol) {
        let parsed = text.utf8.withContiguousStorageIfAvailable { Self.parse(UnsafeRawBufferPointer($0)) }
        guard let nanoseconds = parsed ?? Array(text.utf8).withUnsafeBytes(Self.parse) else { return nil }
        self.init(nanosecondsSinceEpoch: nanoseconds)
    }

    /// Reads the same from UTF-8 bytes, without allocating.
    public init?(iso8601 bytes: UnsafeRawBufferPointer) {
        guard let nanoseconds = Self.parse(bytes) else { return nil }
        self.init(nanosecondsSinceEpoch: nanoseconds)
    }

    private static func parse(_ bytes: UnsafeRawBufferPointer) -> Int64? {
        var scanner = DigitScanner(bytes: bytes)
        guard let year = scanner.digits(4), scanner.skip("-"), let month = scanner.digits(2), scanner.skip("-"),
            let day = scanner.digits(2), scanner.skip("T") || scanner.skip("t") || scanner.skip(" "),
            let hour = scanner.digits(2), scanner.skip(":"), let minute = scanner.digits(2), scanner.skip(":"),
            let second = scanner.digits(2), hour < 24, minute < 60, second <= 60,
            (1...12).contains(month), day >= 1, day <= daysInMonth(year: year, month: month)
        else { return nil }
        var fraction: Int64 = 0
        if scanner.skip(".") || scanner.skip(",") {
            guard let nanoseconds = scanner.fraction() else { return nil }
            fraction = nanoseconds
        }
        guard let offset = scanner.offsetSeconds(), scanner.isAtEnd else { return nil }
        let seconds = daysSinceEpoch(year: year, month: month, day: day) * 86_400 + hour * 3_600 + minute * 60 + second - offset
        return nanoseconds(seconds: seconds, fraction: fraction)
    }

    /// - Parameter fraction: Nanoseconds, `0..<1_000_000_000`.
    /// - Returns: `nil` outside of the representable range.
    private static func nanoseconds(seconds: Int64, fraction: Int64) -> Int64? {
        let billion: Int64 = 1_000_000_000
        // Counted from the second nearer to 0: the whole second before the earliest time is out of range.
        let (whole, rest) = seconds < 0 && fraction > 0 ? (seconds + 1, fraction - billion) : (seconds, fraction)
        let (scaled, isTooFar) = whole.multipliedReportingOverflow(by: billion)
        let (sum, isBeyond) = scaled.addingReportingOverflow(rest)
        return isTooFar || isBeyond ? nil : sum
    }
}

extension Timestamp: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let time = Timestamp(iso8601: text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "expected an ISO 8601 time, found '\(text)'")
        }
        self = time
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

private struct DigitScanner {
    let bytes: UnsafeRawBufferPointer
    var position = 0

    var isAtEnd: Bool { position == bytes.count }

    mutating func digits(_ count: Int) -> Int64? {
        guard position + count <= bytes.count else { return nil }
        var value: Int64 = 0
        for index in position..<position + count {
            guard let digit = digit(at: index) else { return nil }
            value = value * 10 + digit
        }
        position += count
        return value
    }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    mutating func fraction() -> Int64? {
        var value: Int64 = 0
        var count = 0
        while position < bytes.count, let digit = digit(at: position) {
            if count < 9 { value = value * 10 + digit }
            count += 1
            position += 1
        }
        guard count > 0 else { return nil }
        for _ in 0..<max(0, 9 - count) { value *= 10 }
        return value
    }

    mutating func offsetSeconds() -> Int64? {
        if isAtEnd || skip("Z") || skip("z") { return 0 }
        let sign: Int64
        if skip("+") { sign = 1 } else if skip("-") { sign = -1 } else { return nil }
        guard let hours = digits(2) else { return nil }
        _ = skip(":")
        guard let minutes = isAtEnd ? 0 : digits(2), hours < 24, minutes < 60 else { return nil }
        return sign * (hours * 3_600 + minutes * 60)
    }

    private func digit(at index: Int) -> Int64? {
        let byte = bytes[index]
        return byte >= 0x30 && byte <= 0x39 ? Int64(byte - 0x30) : nil
    }
}
