import Foundation
import Synchronization

/// Ctrl-C and SIGTERM: a command that is asked to stop finishes what must be finished and exits with 4.
enum Interruption {
    private static let requested = Atomic<Bool>(false)

    /// A second signal ends the process at once.
    static func install() {
        for number in [SIGINT, SIGTERM] {
            signal(number) { number in
                guard Interruption.requested.exchange(true, ordering: .relaxed) else { return }
                signal(number, SIG_DFL)
                raise(number)  // It is blocked while this runs, and ends the process right after.
            }
        }
        signal(SIGPIPE, SIG_IGN)
        // Whoever started us may have left them blocked.
        var stopping = sigset_t()
        sigemptyset(&stopping)
        for number in [SIGINT, SIGTERM] { sigaddset(&stopping, number) }
        sigprocmask(SIG_UNBLOCK, &stopping, nil)
    }

    /// Whether the user has asked to stop.
    static var isRequested: Bool { requested.load(ordering: .relaxed) }

    /// Throws where the user has asked to stop.
    static func check() throws {
        if isRequested {
            throw CommandFailure("interrupted; nothing of this command was kept", status: .interrupted)
        }
    }
}
