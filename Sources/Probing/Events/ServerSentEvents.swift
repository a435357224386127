/// Cuts a byte stream into server-sent events; the pieces may end anywhere, within a line end or a character.
///
/// Source: WHATWG HTML, 9.2.5 and 9.2.6, https://html.spec.whatwg.org/multipage/server-sent-events.html.
public struct ServerSentEvents: Sendable {
    /// Bytes of a line, and of the data of an event, at most.
    public let limitBytes: Int
    /// The wait before connecting again that the server asked for. Nothing here connects again.
    public private(set) var retryMilliseconds: Int?

    /// The beginning of a line that is not at its end.
    private var line: [UInt8] = []
    private var isFirstLine = true
    private var followsCarriageReturn = false
    /// Data of an event whose end has not come, unless it still lies in the piece being read.
    private var data: [UInt8] = []
    private var hasData = false
    private var type: [UInt8] = []
    private var lastID = ""

    public init(limitBytes: Int = 1 << 20) { self.limitBytes = limitBytes }

    /// Takes the next piece and hands over the events it completes, in order.
    /// - Throws: ``EventTooLarge``; nothing more can be read of the stream then.
    public mutating func append(_ piece: some Sequence<UInt8>) throws(EventTooLarge) -> [ServerSentEvent] {
        var events: [ServerSentEvent] = []
        let result = Array(piece).withUnsafeBytes { bytes in
            Result { () throws(EventTooLarge) in try read(bytes) { events.append(ServerSentEvent($0)) } }
        }
        try result.get()
        return events
    }

    /// The event the stream broke off in; `nil` where it ended after a blank line.
    ///
    /// The standard drops it. It is handed over because servers are seen that write no line end after their end marker.
    public mutating func finish() throws(EventTooLarge) -> ServerSentEvent? {
        // A line end completes the line, another one the event.
        try append([lineFeed, lineFeed]).first
    }

    /// Takes the next piece and hands over the events it completes where they lie.
    mutating func read(_ piece: UnsafeRawBufferPointer, _ take: (EventBytes) -> Void) throws(EventTooLarge) {
        var direct: Range<Int>?
        var start = 0
        for index in 0..<piece.count {
            let byte = piece[index]
            guard byte == lineFeed || byte == carriageReturn else { continue }
            let isSecondHalf = byte == lineFeed && followsCarriageReturn && index == start && line.isEmpty
            followsCarriageReturn = byte == carriageReturn
            if !isSecondHalf { try endLine(in: piece, start..<index, &direct, take) }
            start = index + 1
        }
        if start < piece.count {
            try keepLine(piece[start...])
            followsCarriageReturn = false
        }
        if let direct { data.append(contentsOf: piece[direct]) }
    }

    private mutating func keepLine(_ rest: Slice<UnsafeRawBufferPointer>) throws(EventTooLarge) {
        guard line.count + rest.count <= limitBytes else { throw EventTooLarge(limitBytes: limitBytes) }
        line.append(contentsOf: rest)
    }

    /// - Parameter range: The end of the line, or all of it.
    /// - Parameter direct: Where in the piece the data of the event lies, as long as one line has it all.
    private mutating func endLine(
        in piece: UnsafeRawBufferPointer, _ range: Range<Int>, _ direct: inout Range<Int>?, _ take: (EventBytes) -> Void
    ) throws(EventTooLarge) {
        defer { isFirstLine = false }
        guard line.isEmpty else {
            try keepLine(piece[range])
            var whole = line
            line = []
            let result = whole.withUnsafeBytes { bytes in
                Result { () throws(EventTooLarge) in
                    var none: Range<Int>?
                    try interpret(bytes, 0..<bytes.count, &none, take, isKept: false)
                }
            }
            whole.removeAll(keepingCapacity: true)
            swap(&line, &whole)
            return try result.get()
        }
        guard range.count <= limitBytes else { throw EventTooLarge(limitBytes: limitBytes) }
        try interpret(piece, range, &direct, take, isKept: true)
    }

    /// - Parameter isKept: Whether the bytes are there for the next line to refer to.
    private mutating func interpret(
        _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ direct: inout Range<Int>?, _ take: (EventBytes) -> Void, isKept: Bool
    ) throws(EventTooLarge) {
        var range = range
        if isFirstLine, bytes[range].starts(with: byteOrderMark) { range = range.dropFirst(byteOrderMark.count) }
        guard !range.isEmpty else { return dispatch(bytes, &direct, take) }
        let name = range.lowerBound..<(range.first { bytes[$0] == colon } ?? range.upperBound)
        var value = range.dropFirst(name.count + 1)
        if let first = value.first, bytes[first] == UInt8(ascii: " ") { value = value.dropFirst() }
        switch field(bytes, name) {
        case .data: try add(bytes, value, &direct, isKept: isKept)
        case .event: type = Array(bytes[value])
        case .id: if !bytes[value].contains(0) { lastID = String(decoding: bytes[value], as: UTF8.self) }
        case .retry:
            guard !value.isEmpty, value.allSatisfy({ (0x30...0x39).contains(bytes[$0]) }) else { return }
            retryMilliseconds = Int(String(decoding: bytes[value], as: UTF8.self)) ?? retryMilliseconds
        case nil: break
        }
    }

    private mutating func add(
        _ bytes: UnsafeRawBufferPointer, _ value: Range<Int>, _ direct: inout Range<Int>?, isKept: Bool
    ) throws(EventTooLarge) {
        guard data.count + (direct?.count ?? 0) + value.count < limitBytes else { throw EventTooLarge(limitBytes: limitBytes) }
        defer { hasData = true }
        if isKept, !hasData { return direct = value }
        if let lying = direct { data.append(contentsOf: bytes[lying]) }
        direct = nil
        if hasData { data.append(lineFeed) }
        data.append(contentsOf: bytes[value])
    }

    private mutating func dispatch(_ bytes: UnsafeRawBufferPointer, _ direct: inout Range<Int>?, _ take: (EventBytes) -> Void) {
        if hasData {
            if let direct {
                take(EventBytes(type: type, data: UnsafeRawBufferPointer(rebasing: bytes[direct]), lastID: lastID))
            } else {
                data.withUnsafeBytes { take(EventBytes(type: type, data: $0, lastID: lastID)) }
                data.removeAll(keepingCapacity: true)
            }
        }
        direct = nil
        hasData = false
        if !type.isEmpty { type = [] }
    }

    private enum Field { case data, event, id, retry }

    /// A comment is a field without a name.
    private func field(_ bytes: UnsafeRawBufferPointer, _ name: Range<Int>) -> Field? {
        switch name.count {
        case 2: bytes[name].elementsEqual("id".utf8) ? .id : nil
        case 4: bytes[name].elementsEqual("data".utf8) ? .data : nil
        case 5: bytes[name].elementsEqual("event".utf8) ? .event : bytes[name].elementsEqual("retry".utf8) ? .retry : nil
        default: nil
        }
    }
}

/// An event where it lies; borrowed for the call it is handed to.
struct EventBytes {
    /// Empty where the event has no name.
    let type: [UInt8]
    let data: UnsafeRawBufferPointer
    let lastID: String
}

extension ServerSentEvent {
    init(_ event: EventBytes) {
        self.init(
            type: event.type.isEmpty ? "message" : String(decoding: event.type, as: UTF8.self),
            data: String(decoding: event.data, as: UTF8.self), lastID: event.lastID)
    }
}

private let lineFeed = UInt8(ascii: "\n")
private let carriageReturn = UInt8(ascii: "\r")
private let colon = UInt8(ascii: ":")
private let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
