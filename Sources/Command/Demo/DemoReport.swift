import ArgumentParser
import Control
import EpisodeStore
import Foundation
import Learning
import Measurements
import Policies
import Verification

/// What the demonstration says: events as they happen on standard error, the end on standard output.
struct DemoReport {
    let seed: UInt64
    let outcome: DemoRun.Outcome
    /// Where the store stays; `nil` where it was only lent.
    let storePath: String?

    /// What was done, the same for the same seed: the figures come after it.
    private struct Line: Encodable {
        let knob: String
        let from: String
        let to: String
        let asked: String
        let verdict: String
        let end: String

        init(_ adjustment: Adjustment) {
            knob = adjustment.knob.name
            from = adjustment.candidate.from.description
            to = adjustment.candidate.to.description
            asked = adjustment.kind == .forced ? "forced" : "decided by the policy"
            verdict = adjustment.verdict?.rawValue ?? "none"
            end = adjustment.state.words
        }
    }

    private struct Document: Encodable {
        let seed: UInt64
        let succeeded: Bool
        let decisions: [Line]
        /// They vary a little between runs, as real time does.
        let figures: [String]
    }

    private var adjustments: [Adjustment] { [outcome.decided, outcome.forced].compactMap(\.self) }

    private var figures: [String] {
        adjustments.map { "\($0.knob.name) \($0.candidate.from) → \($0.candidate.to): \($0.finding?.explanation ?? $0.reason)" }
    }

    func json() throws -> String {
        let document = Document(seed: seed, succeeded: outcome.isAsPromised, decisions: adjustments.map(Line.init), figures: figures)
        return String(decoding: try CanonicalJSON.encode(document), as: UTF8.self) + "\n"
    }

    var text: String {
        var lines = adjustments.map(Line.init).map { line in
            "decision: \(line.knob) \(line.from) → \(line.to), \(line.asked): verdict \(line.verdict), \(line.end)"
        }
        lines += ["", "Figures, which vary a little between runs as real time does:"] + figures.map { "  " + $0 }
        lines += ["", summary, "", "How to go on"] + advice
        return lines.joined(separator: "\n") + "\n"
    }

    private var summary: String {
        if outcome.isAsPromised {
            return "The controller cured an overloaded engine by itself, and took a harmful change back by itself."
        }
        if outcome.decided?.state != .kept {
            return "The change that should have helped was not kept. On a busy machine a lower --time-scale may help."
        }
        return "The harmful change was not taken back. On a busy machine a lower --time-scale may help."
    }

    private var advice: [String] {
        let tool = LLMAutoOptimizer.configuration.commandName ?? ""
        let looking =
            storePath.map { path in
                ["  what was done and why                  \(tool) history --store \(path)"]
            } ?? ["  keep the store and look into it        \(tool) demo --store demo.sqlite"]
        return looking + [
            "  a recommendation from your own results \(tool) recommend --policy FILE --import RESULTS",
            "  the loop on your own deployment        \(tool) run --policies FOLDER",
        ]
    }
}

/// Tells the viewer what happens, with the simulated time.
struct DemoAnnouncer: Announcer {
    let clock: DemoClock

    func announce(_ event: ControlEvent) { say("\(event.kind.rawValue): \(event.message)") }

    func say(_ text: String) {
        let seconds = String(Int(clock.elapsed.seconds))
        let padding = String(repeating: " ", count: max(0, 4 - seconds.count))
        Terminal.standardError("[\(padding)\(seconds) s] \(text)\n")
    }
}
