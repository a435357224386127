/// A file to be written, in pieces and in order, so that a large one need not be in memory at once.
///
/// The pieces are made while they are walked over; walking twice makes the same pieces twice.
public struct ExportedFile: Sequence {
    /// Goes behind the name that was asked for: `.csv`, `-summary.csv`.
    public let suffix: String
    private let pieces: AnySequence<[UInt8]>

    init(suffix: String, bytes pieces: some Sequence<[UInt8]>) {
        self.suffix = suffix
        self.pieces = AnySequence(pieces)
    }

    /// - Parameter lines: Without their ends, which are added.
    init(suffix: String, lines: some Sequence<String>, end: String = "\n") {
        self.init(suffix: suffix, bytes: AnySequence(lines).lazy.map { Array(($0 + end).utf8) })
    }

    init(suffix: String, text: String) { self.init(suffix: suffix, bytes: [Array(text.utf8)]) }

    public func makeIterator() -> AnyIterator<[UInt8]> { AnyIterator(pieces.makeIterator()) }

    /// All of it.
    public var bytes: [UInt8] { pieces.reduce(into: []) { $0 += $1 } }

    /// All of it as text; what is not UTF-8, in binary formats, is replaced.
    public var text: String { String(decoding: bytes, as: UTF8.self) }
}
