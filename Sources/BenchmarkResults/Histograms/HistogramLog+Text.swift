import FoundationEssentials
import Measurements
import Statistics

extension HistogramLog {
    /// The log as text.
    public var text: String {
        let seconds = Self.milliseconds(Nanoseconds(startedAt.nanosecondsSinceEpoch / 1_000_000))
        var lines = [
            "#[Histogram log format version 1.3]", "#[StartTime: \(seconds) (seconds since epoch), \(startedAt)]",
            "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"",
        ]
        for entry in entries {
            let packed = Self.compressedCookie + Self.packed(entry.histogram.encodedV2)
            // Times are in seconds, the longest value in milliseconds.
            let length = Self.milliseconds(Nanoseconds(entry.length.count / 1_000_000))
            let longest = Self.milliseconds(Nanoseconds(entry.histogram.maximum / 1_000))
            lines.append("Tag=\(entry.tag),0.000,\(length),\(longest),\(Data(packed).base64EncodedString())")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Reads a log, of ours or of another HdrHistogram writer whose histograms have 3 significant digits and a unit of 1.
    ///
    /// - Throws: `HistogramLogError` with the line.
    public init(text: String) throws(HistogramLogError) {
        guard text.utf8.count <= Self.maximumBytes else {
            throw HistogramLogError(line: 1, "expected at most \(Self.maximumBytes) bytes, found \(text.utf8.count)")
        }
        self.init(startedAt: Timestamp(nanosecondsSinceEpoch: 0), entries: [])
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let content = line.last == "\r" ? line.dropLast() : line
            if content.hasPrefix("#[StartTime: ") {
                let number = content.dropFirst("#[StartTime: ".count).prefix { $0 != " " }
                if let seconds = Double(number), seconds.isFinite { startedAt = Timestamp(secondsSinceEpoch: seconds) }
            }
            if content.isEmpty || content.hasPrefix("#") || content.hasPrefix("\"StartTimestamp\"") { continue }
            guard entries.count < Self.maximumEntries else {
                throw HistogramLogError(line: index + 1, "expected at most \(Self.maximumEntries) histograms")
            }
            do {
                merge(HistogramLog(startedAt: startedAt, entries: [try Self.entry(content)]))
            } catch {
                throw HistogramLogError(line: index + 1, "\(error)")
            }
        }
    }

    private static func entry(_ line: Substring) throws -> Entry {
        var fields = line.split(separator: ",", omittingEmptySubsequences: false)
        let tag = fields.first?.hasPrefix("Tag=") == true ? String(fields.removeFirst().dropFirst(4)) : "untagged"
        guard fields.count == 4, let length = Double(fields[1]), length.isFinite else {
            throw HistogramLogError(line: 0, "expected a start, a length, a maximum and a histogram, found \(fields.count) fields")
        }
        guard let data = Data(base64Encoded: String(fields[3])) else {
            throw HistogramLogError(line: 0, "expected a histogram in base64")
        }
        let bytes = [UInt8](data)
        guard bytes.starts(with: compressedCookie), bytes.count > 8 else {
            throw HistogramLogError(line: 0, "expected a histogram in HdrHistogram's compressed V2 encoding")
        }
        // 33 000 buckets of at most nine bytes each, and the header.
        let encoded = try Zlib.inflate(bytes[8...], limit: 512 << 10)
        return Entry(tag: tag, length: Nanoseconds(seconds: length), histogram: try LatencyHistogram(encodedV2: encoded))
    }

    private static let compressedCookie: [UInt8] = [0x1C, 0x84, 0x93, 0x14]

    /// The length of what follows, and that.
    private static func packed(_ bytes: [UInt8]) -> [UInt8] {
        let wrapped = Zlib.stored(bytes)
        return withUnsafeBytes(of: UInt32(wrapped.count).bigEndian) { Array($0) } + wrapped
    }

    /// A count of thousandths with three digits after the point.
    private static func milliseconds(_ thousandths: Nanoseconds) -> String {
        let rest = String(thousandths.count.magnitude % 1_000)
        return "\(thousandths.count / 1_000)." + String(repeating: "0", count: 3 - rest.utf8.count) + rest
    }
}

/// Why a text is no histogram log.
public struct HistogramLogError: Error, Sendable, Hashable, CustomStringConvertible {
    public let line: Int
    public let message: String

    init(line: Int, _ message: String) {
        self.line = line
        self.message = message
    }

    public var description: String { line > 0 ? "line \(line): \(message)" : message }
}
