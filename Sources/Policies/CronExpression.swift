/// A schedule in the five fields of cron: minute, hour, day of month, month, day of week.
public struct CronExpression: Sendable, Hashable {
    /// As written.
    public let text: String

    /// Keeps the text of an expression that was checked elsewhere.
    public init(unchecked text: String) { self.text = text }
}

extension CronExpression: Codable {
    public init(from decoder: any Decoder) throws {
        self.init(unchecked: try decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
