import Foundation
import Testing

/// Runs what the README and the page on back-tests show, as it is printed there.
///
/// A block of `console` holds commands behind `$ ` and what they print; `…` stands for anything. A block of `sh` holds commands of
/// the workshop, of which only the existence is checked: they would run these tests.
@Suite struct ReadmeTests {
    struct Step: CustomTestStringConvertible {
        let command: String
        let output: [String]

        var testDescription: String { command }
    }

    static let readme = ["README.md", "Docs/simulate.md"].map { page in
        (try? String(contentsOf: CommandLineRun.repository.appendingPathComponent(page), encoding: .utf8)) ?? ""
    }.joined(separator: "\n")

    static func blocks(_ language: String) -> [[String]] {
        var blocks: [[String]] = []
        var current: [String]?
        for line in readme.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            if let block = current {
                if line == "```" {
                    blocks.append(block)
                    current = nil
                } else {
                    current = block + [line]
                }
            } else if line == "```\(language)" {
                current = []
            }
        }
        return blocks
    }

    static let steps: [Step] = blocks("console").flatMap { block in
        block.reduce(into: [Step]()) { steps, line in
            if line.hasPrefix("$ ") {
                steps.append(Step(command: String(line.dropFirst(2)), output: []))
            } else if let last = steps.popLast() {
                steps.append(Step(command: last.command, output: last.output + [line]))
            }
        }
    }

    @Test("every command shown runs and prints what is shown", arguments: steps)
    func runs(step: Step) throws {
        let folder = try TemporaryFolder()
        let run = try ShellRun(step.command, stateFolder: folder.url.path)
        #expect([0, 1, 2].contains(run.status), "exit code \(run.status): \(run.output)")
        let printed = run.output.split(separator: "\n", omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: .whitespaces) }
        var position = printed.startIndex
        for expected in step.output.map({ $0.trimmingCharacters(in: .whitespaces) }) where expected != "…" && !expected.isEmpty {
            guard let found = printed[position...].firstIndex(where: { matches($0, expected) }) else {
                Issue.record("the README shows '\(expected)', which is not printed after line \(position) of:\n\(run.output)")
                return
            }
            position = found + 1
        }
    }

    @Test("it shows commands at all, and every make target it names exists")
    func targets() throws {
        #expect(Self.steps.count >= 3)
        let makefile = try String(contentsOf: CommandLineRun.repository.appendingPathComponent("Makefile"), encoding: .utf8)
        let named = Self.blocks("sh").joined().filter { $0.hasPrefix("make ") }.map { String($0.dropFirst(5).prefix { $0 != " " }) }
        #expect(named.contains("demo") && named.contains("test"))
        for target in named { #expect(makefile.contains("\n\(target):"), "make \(target)") }
    }

    /// `…` within a line stands for any text.
    private func matches(_ line: String, _ pattern: String) -> Bool {
        var rest = Substring(line)
        let parts = pattern.components(separatedBy: "…")
        for (index, part) in parts.enumerated() where !part.isEmpty {
            guard let range = rest.range(of: part), index > 0 || range.lowerBound == rest.startIndex else { return false }
            rest = rest[range.upperBound...]
        }
        return pattern.hasSuffix("…") || rest.isEmpty
    }
}
