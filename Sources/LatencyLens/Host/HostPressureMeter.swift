import FoundationEssentials
public import Measurements
import Transport

/// Watches how short of processor time this machine is between two moments, from `/proc/stat` and `/proc/pressure/cpu` of Linux.
public struct HostPressureMeter: Sendable {
    private let before: Reading?
    private let startedAt: MonotonicTime

    /// Begins now.
    public init() {
        before = Reading.now()
        startedAt = .now
    }

    /// The pressure since the beginning; what the kernel does not tell is `nil`.
    public func read() -> HostPressure {
        Reading.pressure(from: before, to: Reading.now(), over: Nanoseconds(MonotonicTime.now.nanoseconds - startedAt.nanoseconds))
    }

    /// Counters since the machine's start.
    struct Reading: Sendable, Hashable {
        /// All time of all processors, in ticks.
        var total: UInt64
        var idle: UInt64
        var stolen: UInt64
        /// In microseconds.
        var stalled: UInt64?

        /// - Parameter stat: The text of `/proc/stat`.
        /// - Parameter pressure: The text of `/proc/pressure/cpu`; `nil` where the kernel has none.
        init?(stat: String, pressure: String?) {
            guard let line = stat.split(separator: "\n").first(where: { $0.hasPrefix("cpu ") }) else { return nil }
            // user nice system idle iowait irq softirq steal; guest times are in user and nice already.
            let ticks = line.split(separator: " ").dropFirst().prefix(8).map { UInt64($0) ?? 0 }
            guard ticks.count >= 4 else { return nil }
            total = ticks.reduce(0, &+)
            idle = ticks[3] &+ (ticks.count > 4 ? ticks[4] : 0)
            stolen = ticks.count > 7 ? ticks[7] : 0
            let some = pressure?.split(separator: "\n").first { $0.hasPrefix("some ") }
            stalled = some?.split(separator: " ").first { $0.hasPrefix("total=") }.flatMap { UInt64($0.dropFirst(6)) }
        }

        static func now() -> Reading? {
            // Absent on other systems and in some containers: then nothing is known, and nothing is said.
            guard let stat = try? String(contentsOfFile: "/proc/stat", encoding: .utf8) else { return nil }
            return Reading(stat: stat, pressure: try? String(contentsOfFile: "/proc/pressure/cpu", encoding: .utf8))
        }

        static func pressure(from before: Reading?, to after: Reading?, over length: Nanoseconds) -> HostPressure {
            guard let before, let after else { return HostPressure() }
            func share(_ part: UInt64, of whole: UInt64) -> Double? {
                whole > 0 ? min(1, Double(part) / Double(whole)) : nil
            }
            func grown(_ counter: KeyPath<Reading, UInt64>) -> UInt64 {
                after[keyPath: counter] > before[keyPath: counter] ? after[keyPath: counter] - before[keyPath: counter] : 0
            }
            var pressure = HostPressure()
            let total = grown(\.total)
            pressure.stolen = share(grown(\.stolen), of: total)
            pressure.busy = share(total - min(total, grown(\.idle)), of: total)
            if let old = before.stalled, let new = after.stalled, new >= old, length.count > 0 {
                pressure.cpuStalled = min(1, Double(new - old) * 1_000 / Double(length.count))
            }
            return pressure
        }
    }
}
