import Measurements

/// The beginning of what a program printed.
struct OutputHead: Sendable {
    static let limitBytes = 64 << 10

    private(set) var bytes: [UInt8] = []
    /// Whether there was more than is kept.
    private(set) var isCut = false

    mutating func append(_ more: ArraySlice<UInt8>) {
        let room = Self.limitBytes - bytes.count
        isCut = isCut || more.count > room
        bytes += more.prefix(room)
    }
}

/// The end of what a program printed.
struct OutputTail: Sendable {
    private static let limitBytes = 4 << 10
    private static let longestLine = 300

    private var bytes: [UInt8] = []

    mutating func append(_ more: ArraySlice<UInt8>) {
        bytes += more.suffix(Self.limitBytes)
        if bytes.count > Self.limitBytes { bytes.removeFirst(bytes.count - Self.limitBytes) }
    }

    /// The last line that is not empty, shortened, without control characters and without what looks like a key.
    var lastLine: String {
        let lines = bytes.split { $0 == 0x0A || $0 == 0x0D }
        let line = lines.last { $0.contains { $0 > 0x20 } }.map { String(decoding: $0, as: UTF8.self) } ?? ""
        return String(ForeignText.withoutSecrets(ForeignText.printable(line)).prefix(Self.longestLine))
    }
}
