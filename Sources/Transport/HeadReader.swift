/// Reads the heads of answers line by line: interim ones are dropped, trailers are counted, and all of them together have a bound.
struct HeadReader {
    enum Step {
        case more
        /// The head is complete.
        case complete(AnswerHead)
        case tooLarge
        case malformed
    }

    private let limitBytes: Int
    private var bytes = 0
    private var head: AnswerHead?
    private(set) var isComplete = false

    init(limitBytes: Int) { self.limitBytes = limitBytes }

    /// - Parameter line: With its line end.
    mutating func take(_ line: UnsafeRawBufferPointer, sentAt: MonotonicTime, now: MonotonicTime) -> Step {
        bytes += line.count
        guard bytes <= limitBytes else { return .tooLarge }
        guard !isComplete else { return .more }  // Trailers.
        let text = Self.trimmed(line)
        if line.starts(with: "HTTP/".utf8) {
            guard let status = Self.status(text) else { return .malformed }
            head = AnswerHead(status: status, sentAt: sentAt, headAt: now)
            return .more
        }
        guard head != nil else { return .malformed }
        return text.isEmpty ? end() : field(text)
    }

    private mutating func end() -> Step {
        guard let head, !(100...199).contains(head.status) else {
            head = nil
            return .more
        }
        isComplete = true
        return .complete(head)
    }

    private mutating func field(_ text: UnsafeRawBufferPointer.SubSequence) -> Step {
        if text.first == UInt8(ascii: " ") || text.first == UInt8(ascii: "\t") {
            head?.headers.extendLast(with: Self.string(text))
            return .more
        }
        guard let colon = text.firstIndex(of: UInt8(ascii: ":")), colon > text.startIndex else { return .malformed }
        head?.headers.append(name: Self.string(text[..<colon]), value: Self.string(text[(colon + 1)...]))
        return .more
    }

    private static func status(_ line: UnsafeRawBufferPointer.SubSequence) -> Int? {
        let parts = line.split(separator: UInt8(ascii: " "), maxSplits: 2, omittingEmptySubsequences: true)
        guard parts.count >= 2, let status = Int(String(decoding: parts[1], as: UTF8.self)), (100...999).contains(status) else {
            return nil
        }
        return status
    }

    /// Without the line end.
    private static func trimmed(_ line: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer.SubSequence {
        var text = line[...]
        while let last = text.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r") { text.removeLast() }
        return text
    }

    /// Without blanks around it.
    private static func string(_ bytes: UnsafeRawBufferPointer.SubSequence) -> String {
        let isBlank = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        var text = bytes.drop(while: isBlank)
        while let last = text.last, isBlank(last) { text.removeLast() }
        return String(decoding: text, as: UTF8.self)
    }
}
