import Measurements
import Testing

@testable import Probing
@testable import Transport

@Suite("Retry-After")
struct RetryAfterTests {
    @Test(
        "HTTP dates are whole seconds within the range of a timestamp",
        arguments: [
            ("Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"), ("Sun Nov  6 08:49:37 1994", "1994-11-06T08:49:37Z"),
            ("Fri, 11 Apr 2262 23:47:16 GMT", "2262-04-11T23:47:16Z"), ("Fri, 11 Apr 2262 23:47:16.9 GMT", nil),
            ("Fri, 11 Apr 2262 23:47:17 GMT", nil), ("Sun, 06 Nov 1994 08:49:37+01:00 GMT", nil), ("Sun, 06 Nov 1994 08:49 GMT", nil),
        ])
    func dates(text: String, expected: String?) { #expect(HTTPDate.time(text)?.description == expected) }

    @Test("an hour of the server's clock is believed, a date beyond the range of a timestamp is not")
    func headers() throws {
        let now = try #require(Timestamp(iso8601: "2026-11-21T00:00:00Z"))
        func wait(until date: String) -> Duration? {
            var headers = HTTPHeaders()
            headers.append(name: "Date", value: "Sat, 21 Nov 2026 10:00:00 GMT")
            headers.append(name: "Retry-After", value: date)
            return RetryAfter.read(headers, now: now)
        }
        #expect(wait(until: "Sat, 21 Nov 2026 11:00:00 GMT") == .seconds(3_600))
        #expect(wait(until: "Fri, 11 Apr 2262 23:47:16.9 GMT") == nil)
    }
}
