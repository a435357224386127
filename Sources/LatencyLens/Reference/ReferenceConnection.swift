import Transport

/// One client of the reference server: what it sent of a request, and what is left to write of the answer.
struct ReferenceConnection {
    let descriptor: Int32
    private(set) var answer: Answer?
    private var received: [UInt8] = []
    private var unsent: ArraySlice<UInt8> = []

    /// An answer under way.
    struct Answer {
        /// What the last message begins with; `nil` without.
        let number: Int?
        let tokens: Int
        var written = 0
        var due: MonotonicTime
    }

    /// Of a request, more than any calibration sends.
    private static let requestLimit = 8 << 20

    init(descriptor: Int32) { self.descriptor = descriptor }

    var isWaitingToWrite: Bool { !unsent.isEmpty }

    /// Takes bytes of a request.
    /// - Returns: Whether it is whole; `nil` where it never will be.
    mutating func take(_ bytes: ArraySlice<UInt8>) -> Request? {
        received += bytes
        guard let head = RequestHead(received) else { return received.count > Self.requestLimit ? .refused : nil }
        guard head.length <= Self.requestLimit else { return .refused }
        guard received.count >= head.end + head.length else { return nil }
        let body = received[head.end..<head.end + head.length]
        defer { received.removeFirst(head.end + head.length) }
        return head.isPost ? .chat(number: Self.number(in: body), tokens: Self.integer(after: #""max_tokens":"#, in: body) ?? 16) : .other
    }

    enum Request {
        case chat(number: Int?, tokens: Int)
        /// Anything but a prompt: answered, so that connections can be opened.
        case other
        case refused
    }

    mutating func begin(_ answer: Answer) { self.answer = answer }

    mutating func advance(to due: MonotonicTime) {
        answer?.written += 1
        answer?.due = due
    }

    mutating func end() { answer = nil }

    /// Writes as much as the client takes.
    /// - Returns: Whether the client is still there.
    mutating func write(_ bytes: [UInt8]) -> Bool {
        unsent = unsent.isEmpty ? bytes[...] : unsent + bytes
        return flush()
    }

    mutating func flush() -> Bool {
        while !unsent.isEmpty {
            switch transmit(descriptor, unsent) {
            case .bytes(let count): unsent = unsent.dropFirst(count)
            case .wouldBlock: return true
            case .closed: return false
            }
        }
        return true
    }

    /// The digits with which the text of the last message begins.
    private static func number(in body: ArraySlice<UInt8>) -> Int? { integer(after: #""content":"#, in: body) }

    /// The first whole number right after the last occurrence of a text, a quotation mark and blanks between left out.
    private static func integer(after text: String, in body: ArraySlice<UInt8>) -> Int? {
        let pattern = Array(text.utf8)
        guard body.count >= pattern.count else { return nil }
        for start in stride(from: body.endIndex - pattern.count, through: body.startIndex, by: -1)
        where body[start] == pattern[0] && body[start..<start + pattern.count].elementsEqual(pattern) {
            let rest = body[(start + pattern.count)...].drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\"") }
            return Int(String(decoding: rest.prefix(9).prefix { (0x30...0x39).contains($0) }, as: UTF8.self))
        }
        return nil
    }
}

/// The head of a request, as far as its length.
private struct RequestHead {
    let isPost: Bool
    let length: Int
    /// Where the body begins.
    let end: Int

    init?(_ bytes: [UInt8]) {
        guard let end = Self.end(of: bytes) else { return nil }
        self.end = end
        isPost = bytes.starts(with: "POST ".utf8)
        let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n").dropFirst()
        let field = lines.first { $0.lowercased().hasPrefix("content-length:") }
        let text = field?.dropFirst("content-length:".count).filter { $0 != " " } ?? "0"
        length = Int(text).flatMap { $0 >= 0 ? $0 : nil } ?? Int.max / 2
    }

    private static func end(of bytes: [UInt8]) -> Int? {
        guard bytes.count >= 4 else { return nil }
        for index in 3..<bytes.count where bytes[index] == 0x0A && bytes[index - 1] == 0x0D && bytes[index - 2] == 0x0A {
            return index + 1
        }
        return nil
    }
}
