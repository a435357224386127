import Foundation
import Measurements
import Synchronization

/// Where output goes and what may be drawn there.
enum Terminal {
    static func standardOutput(_ text: String) { standardOutput(Data(text.utf8)) }

    /// Goes on where it cannot be written, for what a command does beside its answer is done all the same; ``outputLoss`` tells.
    static func standardOutput(_ data: Data) {
        guard outputLoss == nil, let code = put(data, on: STDOUT_FILENO) else { return }
        loss.withLock { $0 = code == EPIPE ? .readerIsGone : .failed(String(cString: strerror(code))) }
    }

    /// A message about something that went wrong: what it quotes was written by somebody else, and must not clear the screen.
    static func complain(_ message: String) {
        let lines = message.split(separator: "\n", omittingEmptySubsequences: false)
        standardError(lines.map { ForeignText.printable(String($0)) }.joined(separator: "\n") + "\n")
    }

    /// Where standard error is closed nobody is left to be told.
    static func standardError(_ text: String) { _ = put(Data(text.utf8), on: STDERR_FILENO) }

    /// Why a part of standard output is lost.
    enum OutputLoss: Equatable {
        /// The reader closed the pipe, as `head` does: it has seen what it wanted to see.
        case readerIsGone
        /// With the system's reason.
        case failed(String)
    }

    private static let loss = Mutex<OutputLoss?>(nil)

    /// `nil` as long as everything was written.
    static var outputLoss: OutputLoss? { loss.withLock { $0 } }

    /// Colour only on a terminal, and not where the user asked for none (https://no-color.org).
    static var outputIsColoured: Bool {
        let environment = ProcessInfo.processInfo.environment
        return isatty(STDOUT_FILENO) == 1 && environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
    }

    static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// - Returns: The system's code for what went wrong; `nil` where all was written.
    private static func put(_ data: Data, on descriptor: Int32) -> Int32? {
        data.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count >= 0 {
                    rest = rest.dropFirst(count)
                } else if errno == EAGAIN {
                    var room = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    _ = poll(&room, 1, -1)
                } else if errno != EINTR {
                    return errno
                }
            }
            return nil
        }
    }
}
