import Foundation

/// Where output goes and what may be drawn there.
enum Terminal {
    static func standardOutput(_ text: String) { write(Data(text.utf8), to: FileHandle.standardOutput) }

    static func standardOutput(_ data: Data) { write(data, to: FileHandle.standardOutput) }

    static func standardError(_ text: String) { write(Data(text.utf8), to: FileHandle.standardError) }

    /// Colour only on a terminal, and not where the user asked for none (https://no-color.org).
    static var outputIsColoured: Bool {
        let environment = ProcessInfo.processInfo.environment
        return isatty(STDOUT_FILENO) == 1 && environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
    }

    static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    private static func write(_ data: Data, to handle: FileHandle) {
        do {
            try handle.write(contentsOf: data)
        } catch {
            // The reader closed the pipe, as `head` does: nothing is left to be told to anyone.
            ExitStatus.done.exit()
        }
    }
}
