import ArgumentParser
import EngineModels
import EpisodeStore
import Foundation
import Simulation

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Shows the whole loop on a simulated engine behind a real HTTP server; nothing else is needed.",
        discussion: """
            An engine that is far too busy is cured: the trigger fires, a change is made, verified and kept.
            Then a harmful change is forced upon it, noticed and taken back. What happens is told on
            standard error with the simulated time, the end on standard output.

              llm-auto-optimizer demo --seed 7
              llm-auto-optimizer demo --store demo.sqlite --format json

            Exit code 0 only if both happened.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json
    }

    @Option(help: ArgumentHelp("Same seed, same decisions.", valueName: "number"))
    var seed: UInt64 = 1

    @Option(help: ArgumentHelp("How many simulated seconds pass in a real one; from 0.1 to 20.", valueName: "factor"))
    var timeScale = 3.0

    @Option(help: ArgumentHelp("A report for people, or JSON.", valueName: "format"))
    var format: Format = .text

    @Option(
        help: ArgumentHelp("Keeps the store here; without it a temporary one is removed at the end.", valueName: "path"),
        completion: .file())
    var store: String?

    private static let scales = 0.1...20

    func validate() throws {
        guard Self.scales.contains(timeScale) else {
            throw ValidationError("--time-scale is from \(Self.scales.lowerBound) to \(Self.scales.upperBound), not \(timeScale)")
        }
    }

    func run() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("llm-auto-optimizer-demo-\(UUID().uuidString)")
        if store == nil { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }
        defer { if store == nil { Self.remove(folder) } }
        let path = store ?? folder.appendingPathComponent("store.sqlite").path
        let clock = DemoClock(scale: timeScale)
        let announcer = DemoAnnouncer(clock: clock)
        announcer.say(
            "\(DemoScene.profile.model) on \(DemoScene.profile.hardware), simulated, with maxNumSeqs \(DemoScene.slotsAtFirst) and far more asked of it; "
                + "the objective is a first token within 1 s")
        let outcome = try await outcome(storingAt: path, clock, announcer)
        let report = DemoReport(seed: seed, outcome: outcome, storePath: store)
        Terminal.standardOutput(format == .json ? try report.json() : report.text)
        if !outcome.isAsPromised { throw ExitStatus.negative }
    }

    /// The store is closed when this returns.
    private func outcome(storingAt path: String, _ clock: DemoClock, _ announcer: DemoAnnouncer) async throws -> DemoRun.Outcome {
        let store: EpisodeStore
        do {
            store = try EpisodeStore(path: path)
        } catch {
            throw CommandFailure("cannot open a store at '\(path)': \(error)")
        }
        return try await DemoRun(seed: seed, clock: clock, store: store, announcer: announcer).run()
    }

    private static func remove(_ folder: URL) {
        do {
            try FileManager.default.removeItem(at: folder)
        } catch {
            Terminal.standardError("the temporary folder \(folder.path) is left behind: \(error)\n")
        }
    }
}
