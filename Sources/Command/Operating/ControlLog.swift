import ArgumentParser
import Control
import Foundation
import Measurements

/// What the controller says, a line an event on standard error.
struct ControlLog: Announcer {
    let format: Format
    let level: Level

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json
    }

    enum Level: String, ExpressibleByArgument, CaseIterable, Comparable {
        case info, warning, error

        static func < (one: Level, other: Level) -> Bool { allCases.firstIndex(of: one)! < allCases.firstIndex(of: other)! }
    }

    func announce(_ event: ControlEvent) {
        let level: Level = event.kind == .rollbackFailed || event.kind == .journalFailed ? .error : event.kind.isWarning ? .warning : .info
        guard level >= self.level else { return }
        switch format {
        case .text: Terminal.standardError(text(event, level))
        case .json: Terminal.standardError(json(event, level))
        }
    }

    private func text(_ event: ControlEvent, _ level: Level) -> String {
        let adjustment = event.adjustment.map { " \($0.shortText)" } ?? ""
        return "\(event.time) \(level.rawValue) \(event.policy)\(adjustment) \(event.kind.rawValue): \(event.message)\n"
    }

    private struct Line: Encodable {
        let time: Timestamp
        let level: String
        let event: String
        let policy: String
        let adjustment: String?
        let message: String
    }

    private func json(_ event: ControlEvent, _ level: Level) -> String {
        let line = Line(
            time: event.time, level: level.rawValue, event: event.kind.rawValue, policy: event.policy,
            adjustment: event.adjustment?.uuidString.lowercased(), message: event.message)
        // Texts, a time and an identifier can always be written as JSON.
        guard let data = try? CanonicalJSON.encode(line) else { return text(event, level) }
        return String(decoding: data, as: UTF8.self) + "\n"
    }
}

/// Says everything to several.
struct Announcers: Announcer {
    let all: [any Announcer]

    func announce(_ event: ControlEvent) {
        for announcer in all { announcer.announce(event) }
    }
}

/// How loud the controller is.
struct LogOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The least that is told: info, warning or error.", valueName: "level"))
    var logLevel: ControlLog.Level = .info

    @Option(help: ArgumentHelp("A line for people, or JSON.", valueName: "format"))
    var logFormat: ControlLog.Format = .text

    var log: ControlLog { ControlLog(format: logFormat, level: logLevel) }
}
