import Foundation
import Testing

/// Compares text with a file beside the tests; `UPDATE_GOLDEN=1` rewrites the file and fails the run, so that the difference is read.
func expectGolden(_ text: String, _ name: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let file = RepositoryFiles.tests.appending(path: "Golden/\(name)")
    if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
        try Data(text.utf8).write(to: file)
        Issue.record("rewrote \(name); read the difference and run again", sourceLocation: sourceLocation)
        return
    }
    let expected = try String(contentsOf: file, encoding: .utf8)
    #expect(text == expected, "differs from \(name); UPDATE_GOLDEN=1 rewrites it", sourceLocation: sourceLocation)
}

/// Files of the checkout the tests run in.
enum RepositoryFiles {
    static let tests = URL(filePath: #filePath).deletingLastPathComponent()
    static let root = tests.deletingLastPathComponent().deletingLastPathComponent()
    static let policies = root.appending(path: "policies")

    static func text(_ path: String) throws -> String { try String(contentsOf: root.appending(path: path), encoding: .utf8) }
}
