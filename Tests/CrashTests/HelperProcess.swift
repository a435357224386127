import Foundation

/// A controller in a process of its own.
final class HelperProcess {
    private let process = Process()
    private let output = Pipe()

    /// - Parameter arguments: Of `ControllerHelper`, without the dashes of names.
    init(_ arguments: [(name: String, value: String)]) throws {
        process.executableURL = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "ControllerHelper")
        process.arguments = arguments.flatMap { ["--" + $0.name, $0.value] }
        process.standardOutput = output
        try process.run()
    }

    var processIdentifier: Int32 { process.processIdentifier }

    /// How a process ended.
    enum End: Equatable {
        case exited(Int32)
        case killed
    }

    /// Waits for its end, and returns all it said.
    func finish() throws -> (lines: [String], end: End) {
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        let end: End = process.terminationReason == .uncaughtSignal ? .killed : .exited(process.terminationStatus)
        return (text.split(separator: "\n").map(String.init), end)
    }

    /// Ends it as a power cut would.
    func kill() { send(SIGKILL) }

    func send(_ signal: Int32) { _ = Foundation.kill(process.processIdentifier, signal) }
}
