/// What became of a file of policy tests.
public struct PolicyTestReport: Sendable, Codable, Hashable {
    public var file: String
    public var results: [Result]
    /// Why the file or a policy it names could not be used, as people read it; empty when it could.
    public var problems: String

    public struct Result: Sendable, Codable, Hashable {
        public var name: String
        public var line: Int
        /// Trigger states and recommendations that were looked at.
        public var checks: Int
        /// Recommendations that nobody was there to make.
        public var skipped: Int
        public var failures: [Failure]
    }

    public struct Failure: Sendable, Codable, Hashable {
        public var line: Int
        public var column: Int
        /// What was expected and what was there.
        public var message: String
        /// Why it was so, a sentence a line.
        public var reasons: [String]
    }

    public var isPassed: Bool { problems.isEmpty && results.allSatisfy(\.failures.isEmpty) }

    /// A line for each test, the failures with their places and reasons, and a line that counts.
    public var text: String {
        if !problems.isEmpty { return problems + "\n\(file): not run\n" }
        var lines: [String] = []
        for result in results {
            let checks = result.checks == 1 ? "1 check" : "\(result.checks) checks"
            let skipped = result.skipped > 0 ? ", \(result.skipped) skipped: nothing here decides on recommendations" : ""
            lines.append("\(result.failures.isEmpty ? "pass" : "FAIL")  \(result.name) (\(checks)\(skipped))")
            for failure in result.failures {
                lines.append("      \(file):\(failure.line):\(failure.column): \(failure.message)")
                lines += failure.reasons.map { "        \($0)" }
            }
        }
        let passed = results.count { $0.failures.isEmpty }
        lines.append("\(file): \(passed) of \(results.count) passed")
        return lines.joined(separator: "\n") + "\n"
    }
}
