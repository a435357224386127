/// A schedule in the five fields of cron: minute, hour, day of month, month, day of week.
///
/// Fields take `*`, numbers, ranges, steps and lists; months and days of the week take their English three-letter names; `@hourly`,
/// `@daily`, `@midnight`, `@weekly`, `@monthly`, `@yearly` and `@annually` stand for what they say. Day 7 of the week is Sunday, like 0.
/// As in Vixie cron, where both day fields are restricted, a day that matches either is due.
public struct CronExpression: Sendable, Hashable {
    /// As written.
    public let text: String
    /// Bit n of a set stands for the value n.
    let minutes: UInt64
    let hours: UInt64
    let daysOfMonth: UInt64
    let months: UInt64
    let daysOfWeek: UInt64
    /// A day field that begins with `*` restricts together with the other one instead of adding to it.
    let dayFieldsBothApply: Bool
    /// Every hour is meant, not a time of day: both of a doubled hour count.
    let runsEveryHour: Bool

    /// - Throws: What is wrong and at which column.
    public init(_ text: String) throws(CronSyntaxError) {
        let parser = try CronParser(text)
        self.text = text
        minutes = try parser.field(.minute).bits
        let hour = try parser.field(.hour)
        hours = hour.bits
        let dayOfMonth = try parser.field(.dayOfMonth)
        daysOfMonth = dayOfMonth.bits
        months = try parser.field(.month).bits
        let dayOfWeek = try parser.field(.dayOfWeek)
        daysOfWeek = dayOfWeek.bits & 1 << 7 == 0 ? dayOfWeek.bits : (dayOfWeek.bits | 1) & ~(1 << 7)
        dayFieldsBothApply = dayOfMonth.beginsWithStar || dayOfWeek.beginsWithStar
        runsEveryHour = hours == (1 << 24) - 1
        guard (1...12).contains(where: { months & 1 << $0 != 0 && canMatchDay(inMonth: $0) }) else {
            throw CronSyntaxError(column: parser.column(of: .dayOfMonth), message: "'\(text)' never comes due: no such day in these months")
        }
    }

    private func canMatchDay(inMonth month: Int) -> Bool {
        let longest = month == 2 ? 29 : [4, 6, 9, 11].contains(month) ? 30 : 31
        return !dayFieldsBothApply || (1...longest).contains { daysOfMonth & 1 << $0 != 0 }
    }

    /// - Parameter dayOfWeek: 0 is Sunday.
    func matches(month: Int64, day: Int64, dayOfWeek: Int64) -> Bool {
        guard months & 1 << UInt64(month) != 0 else { return false }
        let inMonth = daysOfMonth & 1 << UInt64(day) != 0
        let inWeek = daysOfWeek & 1 << UInt64(dayOfWeek) != 0
        return dayFieldsBothApply ? inMonth && inWeek : inMonth || inWeek
    }
}

/// Why a text is no schedule, and where.
public struct CronSyntaxError: Error, Hashable, CustomStringConvertible {
    /// 1-based, counted in characters of the text.
    public let column: Int
    public let message: String

    public var description: String { "column \(column): \(message)" }
}

extension CronExpression: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do {
            try self.init(try container.decode(String.self))
        } catch let error as CronSyntaxError {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: error.description)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
