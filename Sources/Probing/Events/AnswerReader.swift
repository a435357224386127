import Measurements
import Transport

/// Reads the body of an answer, piece by piece: from bytes and the times they came to what a measurement needs. Pure.
struct AnswerReader: Sendable {
    private(set) var timing: StreamTiming
    private let format: AnswerFormat
    private let shape: Shape
    private let keepsText: Bool
    private var events = ServerSentEvents()
    /// Of an answer that comes as a whole; of one that comes in lines the beginning of a line.
    private var held: [UInt8] = []
    private var text = ""
    private var byteCount = 0
    private var endedAt: MonotonicTime
    private let limitBytes: Int

    /// Bytes of an answer that are read at most, as a stream and as a whole.
    static let streamBytes = 64 << 20
    static let wholeBytes = 16 << 20

    /// What the body is made of.
    enum Shape: Sendable, Hashable {
        case events, lines, whole
        /// A whole answer where a stream was asked for; its content type.
        case unexpected(String)
    }

    /// - Parameter shape: See ``AnswerFormat/shape(isStreamed:contentType:)``.
    /// - Parameter limitBytes: ``streamBytes`` or ``wholeBytes`` unless told.
    init(
        _ format: AnswerFormat, shape: Shape, keepsText: Bool = false, sentAt: MonotonicTime, headAt: MonotonicTime, limitBytes: Int? = nil
    ) {
        self.format = format
        self.shape = shape
        self.keepsText = keepsText
        timing = StreamTiming(sentAt: sentAt)
        endedAt = headAt
        let isWhole = shape != .events && shape != .lines
        self.limitBytes = limitBytes ?? (isWhole ? Self.wholeBytes : Self.streamBytes)
    }

    /// Takes the next pieces.
    /// - Returns: Whether the rest is wanted.
    mutating func append(_ pieces: BodyPieces) -> Bool {
        pieces.allTaken { bytes, receivedAt in append(bytes, receivedAt: receivedAt) }
    }

    mutating func append(_ bytes: [UInt8], receivedAt: MonotonicTime) -> Bool {
        bytes.withUnsafeBytes { append($0, receivedAt: receivedAt) }
    }

    private mutating func append(_ bytes: UnsafeRawBufferPointer, receivedAt: MonotonicTime) -> Bool {
        endedAt = receivedAt
        byteCount += bytes.count
        do throws(EventTooLarge) {
            guard byteCount <= limitBytes else { throw EventTooLarge(limitBytes: limitBytes) }
            switch shape {
            case .events: try appendEvents(bytes)
            case .lines: try appendLines(bytes)
            case .whole, .unexpected: held += bytes
            }
            return true
        } catch {
            fail(InferenceError(type: "too_large", message: error.description))
            return false
        }
    }

    /// The transfer ended in an error. After an end marker nothing is missing.
    mutating func fail(_ error: InferenceError) {
        if !timing.endMarkerSeen { timing.record(StreamEvent(error: error), receivedAt: endedAt) }
    }

    /// Puts the figures into an answer.
    mutating func finish(into answer: inout TimedAnswer) {
        switch shape {
        case .events:
            // Only an end marker counts without the blank line behind it: anything else was cut off.
            if let last = (try? events.finish()).flatMap(\.self).map(format.read), last.isEnd {
                timing.record(last, receivedAt: endedAt)
            }
        case .lines: if !held.isEmpty, timing.error == nil { takeLine(held, receivedAt: endedAt) }
        case .whole: takeWhole()
        case .unexpected(let type):
            takeWhole()
            fail(InferenceError(type: "not_a_stream", message: "a stream was asked for, and the answer is \(type)"))
        }
        if format.endsWithConnection, timing.error == nil { timing.record(StreamEvent(isEnd: true), receivedAt: endedAt) }
        var isWhole = false
        if case .whole = shape { isWhole = true }
        timing.complete(&answer, endedAt: endedAt, isWhole: isWhole)
        if keepsText { answer.text = text }
    }

    // MARK: Framing

    private mutating func appendEvents(_ bytes: UnsafeRawBufferPointer) throws(EventTooLarge) {
        let time = endedAt
        // The parser is put aside while it hands over to the rest of this value.
        var events = Self.none
        swap(&events, &self.events)
        defer { swap(&events, &self.events) }
        try events.read(bytes) { take($0, receivedAt: time) }
    }

    /// In the place of a parser that is at work.
    private static let none = ServerSentEvents()

    private mutating func take(_ event: EventBytes, receivedAt: MonotonicTime) {
        let read = format.read(event, keepsText: keepsText)
        if keepsText { text += read.text }
        timing.record(read.event, receivedAt: receivedAt)
    }

    private mutating func appendLines(_ bytes: UnsafeRawBufferPointer) throws(EventTooLarge) {
        var start = 0
        for index in bytes.indices where bytes[index] == UInt8(ascii: "\n") {
            held += bytes[start..<index]
            takeLine(held, receivedAt: endedAt)
            held.removeAll(keepingCapacity: true)
            start = index + 1
        }
        held += bytes[start...]
        guard held.count <= events.limitBytes else { throw EventTooLarge(limitBytes: events.limitBytes) }
    }

    private mutating func takeLine(_ line: [UInt8], receivedAt: MonotonicTime) {
        guard line.contains(where: { $0 > 0x20 }) else { return }
        line.withUnsafeBytes { take(EventBytes(type: [], data: $0, lastID: ""), receivedAt: receivedAt) }
    }

    private mutating func takeWhole() {
        guard timing.error == nil else { return }
        let read = format.readWhole(held, keepsText: keepsText)
        if keepsText { text += read.text }
        held = []
        timing.record(read.event, receivedAt: endedAt)
    }
}

extension AnswerFormat {
    /// Of a stream.
    var contentType: String { framing == .lines ? "application/x-ndjson" : "text/event-stream" }

    /// What the body of an answer is made of.
    func shape(isStreamed: Bool, contentType: String?) -> AnswerReader.Shape {
        guard isStreamed else { return .whole }
        let type = (contentType ?? "").lowercased().prefix { $0 != ";" && $0 != " " }
        // Some send events under other names, none under this one.
        if framing == .serverSentEvents, type == "application/json" { return .unexpected(String(type)) }
        return framing == .lines ? .lines : .events
    }
}
