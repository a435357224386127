internal import Foundation  // Time zones by name need its time zone database.
public import Measurements

extension CronExpression {
    /// The first due time strictly after another, in whole minutes of the zone's own clock.
    ///
    /// Where clocks go forward, a time of day that is skipped comes due once, as much later as the clocks went forward. Where they go back, a
    /// time of day that happens twice comes due the first time only, unless every hour is meant.
    /// - Parameter timezone: IANA name such as `Europe/Berlin`.
    /// - Returns: `nil` for a zone that is not known.
    public func next(after time: Timestamp, timezone: String) -> Timestamp? {
        guard let zone = ZoneClock(named: timezone) else { return nil }
        let after = floorDivide(time.nanosecondsSinceEpoch, 1_000_000_000)
        let firstDay = floorDivide(after + zone.offset(at: after), 86_400) - 1  // A skipped time of yesterday may come due today.
        for day in firstDay...firstDay + Self.longestSearchInDays {
            let date = civilDate(daysSinceEpoch: day)
            guard matches(month: date.month, day: date.day, dayOfWeek: (day + 4) - floorDivide(day + 4, 7) * 7) else { continue }
            if let due = firstDue(on: day, after: after, zone: zone) {
                return Timestamp(nanosecondsSinceEpoch: 0).advanced(by: .seconds(due))
            }
        }
        return nil
    }

    /// Whether the machine's time zone database has a zone of this name.
    public static func knows(timezone: String) -> Bool { ZoneClock(named: timezone) != nil }

    /// 29 February on a given day of the week, across a century without its leap day: 40 years.
    private static var longestSearchInDays: Int64 { 366 * 41 }

    private func firstDue(on day: Int64, after: Int64, zone: ZoneClock) -> Int64? {
        let midnight = day * 86_400
        let changes = zone.offset(at: midnight - 86_400) != zone.offset(at: midnight + 2 * 86_400)
        var earliest: Int64?
        for hour in Int64(0)..<24 where hours & 1 << UInt64(hour) != 0 {
            for minute in Int64(0)..<60 where minutes & 1 << UInt64(minute) != 0 {
                for due in zone.instants(ofLocal: midnight + hour * 3_600 + minute * 60, twice: runsEveryHour) where due > after {
                    if !changes { return due }
                    earliest = min(earliest ?? due, due)
                }
            }
        }
        return earliest
    }
}

/// The wall clock of one time zone, in seconds since the epoch.
private struct ZoneClock {
    let zone: TimeZone

    /// Only names with an entry of their own: abbreviations such as `EST` mean different things to different people.
    init?(named name: String) {
        guard name == "UTC" || name.contains("/"), let zone = TimeZone(identifier: name) else { return nil }
        self.zone = zone
    }

    func offset(at instant: Int64) -> Int64 {
        Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(instant))))
    }

    /// When the clock shows this; for a time that is skipped, the instant as much later as the clock jumps.
    func instants(ofLocal local: Int64, twice: Bool) -> [Int64] {
        let before = offset(at: local - 86_400)
        let after = offset(at: local + 86_400)
        let candidates = before == after ? [local - before] : [local - before, local - after].sorted()
        let real = candidates.filter { $0 + offset(at: $0) == local }
        guard let first = real.first else { return [local - before] }
        return twice ? real : [first]
    }
}
