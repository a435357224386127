import Testing

@testable import Measurements

@Suite struct TimestampTests {
    @Test(
        "reads and writes ISO 8601",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2026-11-21T02:41:33.050174Z", 1_795_228_893_050_174_000),
            ("2026-11-21T03:41:33.050174+01:00", 1_795_228_893_050_174_000), ("1969-12-31T23:59:59.5Z", -500_000_000),
            ("2024-02-29 12:00:00", 1_709_208_000_000_000_000), ("2000-01-01T00:00:00.123456789Z", 946_684_800_123_456_789),
        ])
    func reads(text: String, nanoseconds: Int64) throws {
        let time = try #require(Timestamp(iso8601: text))
        #expect(time.nanosecondsSinceEpoch == nanoseconds)
        #expect(Timestamp(iso8601: time.description) == time)
    }

    @Test(
        "keeps the fraction of seconds since 1970 as exactly as a Double holds it",
        arguments: [(1_795_229_158.25, 1_795_229_158_250_000_000), (-0.5, -500_000_000), (1e300, Int64.max), (-1e300, Int64.min)])
    func secondsSinceEpoch(seconds: Double, nanoseconds: Int64) {
        #expect(Timestamp(secondsSinceEpoch: seconds).nanosecondsSinceEpoch == nanoseconds)
    }

    @Test(
        "refuses what is no time",
        arguments: [
            "", "2026", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-01-01T25:00:00Z", "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00Zx",
            "9999999-01-01T00:00:00Z", "2026-01-01T00:00:00+99:00", "9999-01-01T00:00:00Z",
        ])
    func refuses(text: String) {
        #expect(Timestamp(iso8601: text) == nil)
    }

    @Test(
        "prints only the digits that are needed",
        arguments: [(0, "1970-01-01T00:00:00Z"), (1_000_000, "1970-01-01T00:00:00.001Z"), (-1, "1969-12-31T23:59:59.999999999Z")])
    func prints(nanoseconds: Int64, text: String) {
        #expect(Timestamp(nanosecondsSinceEpoch: nanoseconds).description == text)
    }

    @Test(
        "reads both ends of the range, and nothing beyond",
        arguments: [
            ("2262-04-11T23:47:16.854775807Z", Int64.max), ("2262-04-11T23:47:16.854775808Z", nil), ("2262-04-11T23:47:16.9Z", nil),
            ("2262-04-11T23:47:17Z", nil), ("1677-09-21T00:12:43.145224192Z", Int64.min), ("1677-09-21T00:12:43.145224191Z", nil),
            ("1677-09-21T00:12:43Z", nil),
        ])
    func ends(text: String, nanoseconds: Int64?) {
        let time = Timestamp(iso8601: text)
        #expect(time?.nanosecondsSinceEpoch == nanoseconds)
        if let time { #expect(time.description == text) }
    }

    @Test("saturates instead of overflowing")
    func saturates() {
        let last = Timestamp(nanosecondsSinceEpoch: .max)
        #expect(last.advanced(by: .seconds(1)) == last)
        #expect(last.since(Timestamp(nanosecondsSinceEpoch: .min)).count == .max)
    }

    @Test("every day of four centuries converts both ways")
    func civil() {
        for days in stride(from: Int64(-719_468), through: 146_097 * 2, by: 13) {
            let (year, month, day) = civilDate(daysSinceEpoch: days)
            #expect(daysSinceEpoch(year: year, month: month, day: day) == days)
        }
    }
}
