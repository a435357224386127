import FoundationEssentials
import Measurements
import Policies

/// A command that was started to change an engine. It outlives the controller that started it, and changes the engine when it pleases.
struct UnfinishedStep: Sendable, Codable, Hashable {
    /// `set` or `undo`.
    var name: String
    /// When its time is over at the latest.
    var until: Timestamp
    /// `nil` where it was not yet known.
    var process: RunningProcess?

    init(name: String, timeout: Duration) {
        self.name = name
        until = Self.now.advanced(by: timeout)
    }

    /// Whether its process runs; where that is not known, whether its time is not over.
    var mayBeAtWork: Bool { process?.isRunning ?? (Self.now < until) }

    private static var now: Timestamp { Timestamp(secondsSinceEpoch: Date().timeIntervalSince1970) }

    var explanation: String { "a '\(name)' that an earlier controller started is still at work" }
}

/// A process, and when it began: numbers are given again.
struct RunningProcess: Sendable, Codable, Hashable {
    var identifier: Int32
    /// In clock ticks since the system started, field 22 of `/proc/PID/stat`.
    var startTicks: String

    /// `nil` where it has ended, or the system tells no times.
    init?(_ identifier: Int32) {
        guard let ticks = Self.startTicks(identifier) else { return nil }
        self.identifier = identifier
        startTicks = ticks
    }

    var isRunning: Bool { Self.startTicks(identifier) == startTicks }

    /// The name in field 2 may hold blanks and brackets; what follows its last bracket does not.
    private static func startTicks(_ identifier: Int32) -> String? {
        guard let text = try? String(contentsOfFile: "/proc/\(identifier)/stat", encoding: .utf8), let end = text.lastIndex(of: ")") else {
            return nil  // No such process any more.
        }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 19, fields[0] != "Z" else { return nil }
        return String(fields[19])
    }
}
