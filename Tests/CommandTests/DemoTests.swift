import Foundation
import Testing

@Suite("The demonstration")
struct DemoTests {
    private struct Document: Decodable, Equatable {
        let seed: Int
        let succeeded: Bool
        let decisions: [Decision]

        struct Decision: Decodable, Equatable {
            let knob, from, to, asked, verdict, end: String
        }
    }

    @Test("decides the same in two runs of one seed, cures, takes back, and leaves no file", .timeLimit(.minutes(2)))
    func twice() async throws {
        let temporary = try TemporaryFolder()
        let folder = temporary.url.path
        @Sendable func run(_ more: [String]) throws -> CommandLineRun {
            try CommandLineRun(["demo", "--seed", "7", "--time-scale", "4"] + more, environment: ["TMPDIR": folder])
        }
        async let first = Task.detached { try run([]) }.value
        async let second = Task.detached { try run(["--format", "json"]) }.value
        let (text, json) = try await (first, second)
        #expect(text.status == 0 && json.status == 0, "\(text.output)\n\(text.errors)\n\(json.errors)")
        let document = try JSONDecoder().decode(Document.self, from: Data(json.output.utf8))
        #expect(
            document
                == Document(
                    seed: 7, succeeded: true,
                    decisions: [
                        .init(
                            knob: "maxNumSeqs", from: "4", to: "16", asked: "decided by the policy", verdict: "improved", end: "kept"),
                        .init(knob: "maxNumSeqs", from: "16", to: "4", asked: "forced", verdict: "worsened", end: "rolled back"),
                    ]))
        let lines = text.output.split(separator: "\n").filter { $0.hasPrefix("decision: ") }
        #expect(
            lines == document.decisions.map { "decision: \($0.knob) \($0.from) → \($0.to), \($0.asked): verdict \($0.verdict), \($0.end)" })
        #expect(text.errors.contains("TriggerFired: slow-first-tokens") && text.errors.contains("RolledBack: maxNumSeqs is 16 again"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: temporary.url.path).isEmpty)
    }

    @Test("refuses a time scale it cannot keep", arguments: ["0", "-1", "21", "nan", "inf"])
    func scales(scale: String) throws {
        let run = try CommandLineRun(["demo", "--time-scale=\(scale)"])
        #expect(run.status == 2 && run.errors.contains("--time-scale"))
    }
}
