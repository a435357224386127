import Measurements
import Policies
import Testing

@testable import Control

@Suite("The gate of a schedule")
struct ScheduleGateTests {
    private static func time(_ text: String) throws -> Timestamp { try #require(Timestamp(iso8601: text)) }

    private static func nightly() throws -> [Policy.Schedule] { [Policy.Schedule(cron: try CronExpression("0 3 * * *"))] }

    @Test("is open without a schedule")
    func none() throws {
        #expect(ScheduleGate([], seenThrough: nil, wall: try Self.time("2026-05-01T12:00:00Z")) == .open)
    }

    @Test("begins its watch at the first look, and when the wall clock went back")
    func begins() throws {
        let wall = try Self.time("2026-05-01T12:00:00Z")
        #expect(ScheduleGate(try Self.nightly(), seenThrough: nil, wall: wall) == .unknown)
        #expect(ScheduleGate(try Self.nightly(), seenThrough: wall.advanced(by: .seconds(1)), wall: wall) == .unknown)
    }

    @Test("is closed until the time comes, open for a quarter of an hour from then, and then lets it go")
    func course() throws {
        let seen = try Self.time("2026-05-01T12:00:00Z")
        let due = try Self.time("2026-05-02T03:00:00Z")
        func gate(_ text: String) throws -> ScheduleGate {
            ScheduleGate(try Self.nightly(), seenThrough: seen, wall: try Self.time(text))
        }
        #expect(try gate("2026-05-02T02:59:59Z") == .closed(until: due))
        #expect(try gate("2026-05-02T03:00:00Z") == .open)
        #expect(try gate("2026-05-02T03:15:00Z") == .open)
        #expect(try gate("2026-05-02T03:15:01Z") == .missed)
        #expect(ScheduleGate(try Self.nightly(), seenThrough: due, wall: due) == .closed(until: try Self.time("2026-05-03T03:00:00Z")))
    }
}
