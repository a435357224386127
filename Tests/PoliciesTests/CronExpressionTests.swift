import Foundation
import Measurements
import Policies
import Testing

@Suite struct CronExpressionTests {
    func due(_ text: String, after start: String, in timezone: String = "UTC", count: Int = 1) throws -> [String] {
        let cron = try CronExpression(text)
        var time = try #require(Timestamp(iso8601: start))
        var times: [String] = []
        for _ in 0..<count {
            time = try #require(cron.next(after: time, timezone: timezone))
            times.append(time.description)
        }
        return times
    }

    @Test(
        "comes due at the times its fields name",
        arguments: [
            ("*/15 * * * *", "2026-01-01T00:00:00Z", ["2026-01-01T00:15:00Z", "2026-01-01T00:30:00Z"]),
            ("0 3 * * *", "2026-01-01T02:59:59.5Z", ["2026-01-01T03:00:00Z", "2026-01-02T03:00:00Z"]),
            ("5,10-20/5 8 * JAN mon-fri", "2026-01-03T00:00:00Z", ["2026-01-05T08:05:00Z", "2026-01-05T08:10:00Z"]),
            ("0 0 29 2 *", "2097-01-01T00:00:00Z", ["2104-02-29T00:00:00Z"]),
            ("0 12 13 * 5", "2026-02-01T00:00:00Z", ["2026-02-06T12:00:00Z", "2026-02-13T12:00:00Z", "2026-02-20T12:00:00Z"]),
            ("0 12 */2 * 5", "2026-02-01T00:00:00Z", ["2026-02-13T12:00:00Z", "2026-02-27T12:00:00Z"]),
            ("0 0 * * 7", "2026-02-02T00:00:00Z", ["2026-02-08T00:00:00Z"]), ("@weekly", "2026-02-02T00:00:00Z", ["2026-02-08T00:00:00Z"]),
            ("@yearly", "2026-02-02T00:00:00Z", ["2027-01-01T00:00:00Z"]),
            ("50/5 0 * * *", "2026-01-01T00:50:00Z", ["2026-01-01T00:55:00Z"]),
            ("0 0 1 * *", "1969-12-31T23:59:59Z", ["1970-01-01T00:00:00Z"]),
        ])
    func fields(text: String, start: String, times: [String]) throws {
        #expect(try due(text, after: start, count: times.count) == times)
    }

    @Test("follows the clock of its time zone")
    func zones() throws {
        #expect(try due("0 3 * * *", after: "2026-01-01T00:00:00Z", in: "Europe/Berlin") == ["2026-01-01T02:00:00Z"])
        #expect(try due("0 3 * * *", after: "2026-07-01T00:00:00Z", in: "Europe/Berlin") == ["2026-07-01T01:00:00Z"])
        #expect(try due("0 9 * * 1", after: "2026-01-04T12:00:00Z", in: "Asia/Kathmandu") == ["2026-01-05T03:15:00Z"])
    }

    @Test("a time of day the clock skips comes due once, as much later")
    func skippedHour() throws {
        #expect(
            try due("30 2 * * *", after: "2026-03-28T12:00:00Z", in: "Europe/Berlin", count: 2)
                == ["2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"])
        #expect(
            try due("0,30 2-3 * * *", after: "2026-03-29T00:00:00Z", in: "Europe/Berlin", count: 3)
                == ["2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z", "2026-03-30T00:00:00Z"])
        #expect(
            try due("*/30 * * * *", after: "2026-03-29T00:30:00Z", in: "Europe/Berlin", count: 2)
                == ["2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z"])
    }

    @Test("a time of day that happens twice comes due once, unless every hour is meant")
    func doubledHour() throws {
        #expect(
            try due("30 2 * * *", after: "2026-10-24T12:00:00Z", in: "Europe/Berlin", count: 2)
                == ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"])
        #expect(
            try due("0 * * * *", after: "2026-10-24T23:30:00Z", in: "Europe/Berlin", count: 4)
                == ["2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z", "2026-10-25T03:00:00Z"])
    }

    @Test("every step of a year moves forward, in zones that change at midnight and by half an hour too")
    func monotone() throws {
        for zone in ["America/Havana", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca"] {
            let cron = try CronExpression("17 */5 * * *")
            var time = try #require(Timestamp(iso8601: "2026-01-01T00:00:00Z"))
            for _ in 0..<1_825 {
                let next = try #require(cron.next(after: time, timezone: zone))
                #expect(next > time && next.since(time).seconds <= 7 * 3_600, "\(zone) after \(time): \(next)")
                time = next
            }
        }
    }

    @Test(
        "says what is wrong and at which column",
        arguments: [
            ("61 * * * *", 1, "the minute must be from 0 to 59, found '61'"),
            ("* * * *", 8, "expected five fields (minute, hour, day of month, month, day of week), found 4"),
            (
                "0 0 0 * * *", 11,
                "expected five fields (minute, hour, day of month, month, day of week), found 6; seconds and years are not supported"
            ),
            ("0 5-1 * * *", 3, "the range '5-1' runs backwards; write it as a list of two ranges"),
            ("0 1,2,x * * *", 7, "the hour must be from 0 to 23, found 'x'"),
            ("0 0 * FOO *", 7, "the month must be from 1 to 12 or a name such as FEB, found 'FOO'"),
            ("0 0 ? * *", 5, "the day of month must be from 1 to 31, found '?'; write '*' for any"),
            ("*/0 * * * *", 3, "the step of the minute must be a number from 1 to 59, found '0'"),
            ("0 0 30 2 *", 5, "'0 0 30 2 *' never comes due: no such day in these months"),
            (
                "@reboot", 1,
                "unknown shortcut '@reboot'; known are @annually, @daily, @hourly, @midnight, @monthly, @weekly, @yearly"
            ),
            ("0 0 1-2-3 * *", 9, "a second '-' in '1-2-3'"), ("+5 * * * *", 1, "the minute must be from 0 to 59, found '+5'"),
            ("", 1, "expected five fields (minute, hour, day of month, month, day of week), found 0"),
        ])
    func errors(text: String, column: Int, message: String) {
        #expect(throws: CronSyntaxError.self) { try CronExpression(text) }
        do {
            _ = try CronExpression(text)
        } catch {
            #expect(error.column == column)
            #expect(error.message == message)
        }
    }

    @Test(
        "knows IANA names only", arguments: [("Europe/Berlin", true), ("UTC", true), ("CET", false), ("Europe/Belrin", false), ("", false)])
    func names(name: String, known: Bool) {
        #expect(CronExpression.knows(timezone: name) == known)
    }

    @Test("is stored as text and checked when read")
    func coding() throws {
        let stored = try JSONEncoder().encode([try CronExpression("0 3 * * *")])
        #expect(String(decoding: stored, as: UTF8.self) == #"["0 3 * * *"]"#)
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([CronExpression].self, from: Data(#"["x"]"#.utf8)) }
    }
}
