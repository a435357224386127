import Foundation

/// A run of the real binary that goes on while the test looks at what it does.
final class OperatedProcess {
    private let process = Process()
    private let outputPath: String
    private let errorsPath: String

    /// - Parameter folder: Where what it prints is kept.
    init(_ arguments: [String], environment: [String: String] = [:], folder: TemporaryFolder) throws {
        let number = UUID().uuidString
        outputPath = try folder.write("", to: number + ".out")
        errorsPath = try folder.write("", to: number + ".err")
        process.executableURL = try CommandLineRun.binary()
        process.arguments = arguments
        process.currentDirectoryURL = folder.url
        process.environment = ProcessInfo.processInfo.environment
            .merging(["TZ": "UTC", "HOME": folder.url.path, "XDG_STATE_HOME": folder.url.path, "KUBECONFIG": folder.path("kubeconfig")]) {
                $1
            }
            .merging(environment) { $1 }
        process.standardOutput = FileHandle(forWritingAtPath: outputPath)
        process.standardError = FileHandle(forWritingAtPath: errorsPath)
        process.standardInput = FileHandle.nullDevice
        try process.run()
    }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    var id: Int32 { process.processIdentifier }
    var output: String { (try? String(contentsOfFile: outputPath, encoding: .utf8)) ?? "" }
    var errors: String { (try? String(contentsOfFile: errorsPath, encoding: .utf8)) ?? "" }

    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// Its exit code; `nil` where it still runs after the limit.
    func status(within limit: Duration) async -> Int32? {
        await eventually(within: limit) { !self.process.isRunning } ? process.terminationStatus : nil
    }
}

/// Whether something becomes true in time; asks ten times a second.
func eventually(within limit: Duration = .seconds(60), _ isTrue: () throws -> Bool) async rethrows -> Bool {
    let clock = ContinuousClock()
    let end = clock.now + limit
    while clock.now < end {
        if try isTrue() { return true }
        try? await Task.sleep(for: .milliseconds(100))  // A cancelled test asks more often, until its end.
    }
    return try isTrue()
}
