import Foundation
public import Testing

/// Compares text with a file of the folder `Golden` beside the test; `UPDATE_GOLDEN=1` rewrites the file and fails the run, so that the
/// difference is read.
public func expectGolden(
    _ text: String, _ name: String, testFile: String = #filePath, sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let folder = URL(filePath: testFile).deletingLastPathComponent().appending(path: "Golden")
    let file = folder.appending(path: name)
    if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
        Issue.record("rewrote \(name); read the difference and run again", sourceLocation: sourceLocation)
        return
    }
    let expected = try String(contentsOf: file, encoding: .utf8)
    #expect(text == expected, "differs from \(name); UPDATE_GOLDEN=1 rewrites it", sourceLocation: sourceLocation)
}
