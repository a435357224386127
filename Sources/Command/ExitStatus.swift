import Foundation

/// What an exit code means.
enum ExitStatus: Int32, Error {
    case done = 0
    /// Ran, and the answer is no: an objective is missed, a policy test failed, a replay differs.
    case negative = 1
    /// Usage or invalid input.
    case invalidInput = 2
    /// A needed system could not be reached.
    case unreachable = 3
    case interrupted = 4

    func exit() -> Never { Foundation.exit(rawValue) }
}

/// Ends a command with a message on standard error.
struct CommandFailure: Error, CustomStringConvertible {
    let status: ExitStatus
    /// What was tried, on what, what happened, and the cure.
    let message: String

    init(_ message: String, status: ExitStatus = .invalidInput) {
        self.message = message
        self.status = status
    }

    var description: String { message }
}
