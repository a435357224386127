/// One event of a server's stream.
public struct ServerSentEvent: Sendable, Hashable {
    /// What the `event` field said, `message` without one.
    public var type: String
    /// The `data` fields, joined by line feeds. Bytes that are not UTF-8 have become U+FFFD.
    public var data: String
    /// What the last `id` field said, of this event or an earlier one.
    public var lastID: String

    public init(type: String = "message", data: String, lastID: String = "") {
        self.type = type
        self.data = data
        self.lastID = lastID
    }
}

/// A stream was ended by its reader because it would not fit into memory set aside for it.
public struct EventTooLarge: Error, Sendable, Hashable, CustomStringConvertible {
    public let limitBytes: Int

    public init(limitBytes: Int) { self.limitBytes = limitBytes }

    public var description: String { "an event of the stream is larger than the \(limitBytes) bytes that are read of one" }
}
