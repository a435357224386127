/// Cuts a byte stream into server-sent events; the pieces may end anywhere, within a line end or a character.
///
/// Source: WHATWG HTML, 9.2.5 and 9.2.6, https://html.spec.whatwg.org/multipage/server-sent-events.html.
public struct ServerSentEvents: Sendable {
    /// Bytes of a line, and of the data of an event, at most.
    public let limitBytes: Int
    /// The wait before connecting again that the server asked for. Nothing here connects again.
    public private(set) var retryMilliseconds: Int?

    private var line: [UInt8] = []
    private var isFirstLine = true
    private var followsCarriageReturn = false
    private var data: [UInt8] = []
    private var hasData = false
    private var type = ""
    private var lastID = ""

    public init(limitBytes: Int = 1 << 20) { self.limitBytes = limitBytes }

    /// Takes the next piece and hands over the events it completes, in order.
    /// - Throws: ``EventTooLarge``; nothing more can be read of the stream then.
    public mutating func append(_ piece: some Sequence<UInt8>) throws(EventTooLarge) -> [ServerSentEvent] {
        var events: [ServerSentEvent] = []
        for byte in piece {
            let isSecondHalf = followsCarriageReturn && byte == lineFeed
            followsCarriageReturn = byte == carriageReturn
            if isSecondHalf { continue }
            if byte == lineFeed || byte == carriageReturn {
                if let event = try endLine() { events.append(event) }
            } else {
                guard line.count < limitBytes else { throw EventTooLarge(limitBytes: limitBytes) }
                line.append(byte)
            }
        }
        return events
    }

    /// The event the stream broke off in; `nil` where it ended after a blank line.
    ///
    /// The standard drops it. It is handed over because servers are seen that write no line end after their end marker.
    public mutating func finish() throws(EventTooLarge) -> ServerSentEvent? {
        if !line.isEmpty, let event = try endLine() { return event }
        return dispatch()
    }

    private mutating func endLine() throws(EventTooLarge) -> ServerSentEvent? {
        defer {
            line.removeAll(keepingCapacity: true)
            isFirstLine = false
        }
        var content = line[...]
        if isFirstLine, content.starts(with: byteOrderMark) { content = content.dropFirst(byteOrderMark.count) }
        guard !content.isEmpty else { return dispatch() }
        guard let colon = content.firstIndex(of: UInt8(ascii: ":")) else {
            try take(field: content, value: [])
            return nil
        }
        var value = content[(colon + 1)...]
        if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        try take(field: content[..<colon], value: value)  // A comment is a field without a name.
        return nil
    }

    private mutating func take(field: ArraySlice<UInt8>, value: ArraySlice<UInt8>) throws(EventTooLarge) {
        if field.elementsEqual("data".utf8) {
            guard data.count + value.count < limitBytes else { throw EventTooLarge(limitBytes: limitBytes) }
            if hasData { data.append(lineFeed) }
            data.append(contentsOf: value)
            hasData = true
        } else if field.elementsEqual("event".utf8) {
            type = String(decoding: value, as: UTF8.self)
        } else if field.elementsEqual("id".utf8) {
            if !value.contains(0) { lastID = String(decoding: value, as: UTF8.self) }
        } else if field.elementsEqual("retry".utf8) {
            guard !value.isEmpty, value.allSatisfy({ (0x30...0x39).contains($0) }) else { return }
            retryMilliseconds = Int(String(decoding: value, as: UTF8.self)) ?? retryMilliseconds
        }
    }

    private mutating func dispatch() -> ServerSentEvent? {
        defer {
            data.removeAll(keepingCapacity: true)
            hasData = false
            type = ""
        }
        guard hasData else { return nil }
        return ServerSentEvent(type: type.isEmpty ? "message" : type, data: String(decoding: data, as: UTF8.self), lastID: lastID)
    }
}

private let lineFeed = UInt8(ascii: "\n")
private let carriageReturn = UInt8(ascii: "\r")
private let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
