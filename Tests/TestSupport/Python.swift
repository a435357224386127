public import Foundation

/// Python, as the judge of documents that must satisfy a schema of others.
public enum Python {
    /// The interpreter of the tests' own environment, or the system's.
    private static let interpreter: [String] = {
        let own = checkout.appending(path: ".build-venv/bin/python").path
        return FileManager.default.isExecutableFile(atPath: own) ? [own] : ["/usr/bin/env", "python3"]
    }()

    /// The folder the tests were built from.
    public static let checkout = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Whether it can import these modules.
    public static func has(_ modules: String...) -> Bool {
        (try? run("import " + modules.joined(separator: ", "))) != nil  // Absent and broken are one here: the test is skipped and says so.
    }

    public struct Failure: Error, CustomStringConvertible {
        public let status: Int32
        public let errors: String

        public var description: String { "python ended with \(status): \(errors)" }
    }

    /// Runs a script on what comes through standard input and returns what it prints.
    /// - Throws: ``Failure`` where it does not end with 0.
    @discardableResult
    public static func run(_ script: String, input: String = "") throws -> Data {
        let folder = FileManager.default.temporaryDirectory
        let file = folder.appending(path: "python-\(UUID().uuidString)")
        let errors = folder.appending(path: "python-\(UUID().uuidString).errors")
        try Data(input.utf8).write(to: file)
        try Data().write(to: errors)
        defer {
            // Leftovers in the temporary folder harm nobody.
            for url in [file, errors] { try? FileManager.default.removeItem(at: url) }
        }
        let process = Process()
        process.executableURL = URL(filePath: interpreter[0])
        process.arguments = interpreter.dropFirst() + ["-c", script]
        process.standardInput = try FileHandle(forReadingFrom: file)
        process.standardError = try FileHandle(forWritingTo: errors)
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(status: process.terminationStatus, errors: try String(contentsOf: errors, encoding: .utf8))
        }
        return data
    }
}
