import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A program started without a shell, in a process group of its own, with bounds on its time and output.
///
/// What it leaves running after it has ended by itself is left alone: a restarted engine may be among it. When its time is over, everything
/// of its process group is killed.
struct BoundedProcess: Sendable {
    /// An absolute path and the arguments.
    let words: [String]
    /// `NAME=VALUE`; nothing else of this process's environment is passed on.
    let environment: [String]
    let timeout: Duration
    /// Whether it is killed when it prints more than is kept: what reads settings has nothing more to say.
    var endsWithItsBound = false
    /// Is told the process's identifier when it has begun.
    var started: @Sendable (Int32) -> Void = { _ in }

    struct Outcome: Sendable {
        var ending: Ending
        var output: OutputHead
        /// The last line of standard error that is not empty, fit to be shown.
        var lastErrorLine: String
    }

    enum Ending: Sendable, Equatable {
        case exited(Int32)
        case killed(signal: Int32)
        case timedOut
        case tooMuch
    }

    /// Why it did not begin.
    struct StartFailure: Error {
        let text: String
    }

    /// Returns when the program has ended or its time is over. A cancelled task waits as well: what was begun is seen to its end.
    func run() async -> Result<Outcome, StartFailure> {
        await withCheckedContinuation { continuation in
            // Waiting blocks, so it has a thread of its own.
            Thread.detachNewThread { continuation.resume(returning: Result { () throws(StartFailure) in try self.runToEnd() }) }
        }
    }

    private func runToEnd() throws(StartFailure) -> Outcome {
        let output = try Pipe()
        defer { output.close() }
        let errors = try Pipe()
        defer { errors.close() }
        let process = try spawn(output: output.writing, errors: errors.writing)
        started(process)
        output.closeWriting()
        errors.closeWriting()
        var head = OutputHead()
        var tail = OutputTail()
        let ending = watch(process, [output.reading, errors.reading]) { index, bytes in
            index == 0 ? head.append(bytes) : tail.append(bytes)
            return endsWithItsBound && head.isCut
        }
        return Outcome(ending: ending, output: head, lastErrorLine: tail.lastLine)
    }

    // MARK: Waiting

    /// - Parameter take: Takes what was printed, and says whether that is too much.
    private func watch(_ process: pid_t, _ descriptors: [Int32], take: (Int, ArraySlice<UInt8>) -> Bool) -> Ending {
        var isTooMuch = false
        let deadline = ContinuousClock.now + timeout
        var open = Set(descriptors.indices)
        while true {
            if let ending = reap(process) {
                for index in open { _ = drain(descriptors[index]) { isTooMuch = take(index, $0) || isTooMuch } }
                return isTooMuch ? .tooMuch : ending
            }
            let remaining = deadline - .now
            guard remaining > .zero, !isTooMuch else {
                kill(-process, SIGKILL)
                var status: Int32 = 0
                while waitpid(process, &status, 0) < 0, errno == EINTR {}
                for index in open { _ = drain(descriptors[index]) { _ = take(index, $0) } }
                return isTooMuch ? .tooMuch : .timedOut
            }
            wait(for: open.map { descriptors[$0] }, atMost: remaining)
            for index in open where drain(descriptors[index], take: { isTooMuch = take(index, $0) || isTooMuch }) == .ended {
                open.remove(index)
            }
        }
    }

    /// Until there is something to read, but never long: an end of the process is no event of its pipes when others hold them open.
    private func wait(for descriptors: [Int32], atMost remaining: Duration) {
        let longest = Duration.milliseconds(descriptors.isEmpty ? 2 : 20)
        let milliseconds = max(1, Int32(min(remaining, longest) / .milliseconds(1)))
        var polled = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        _ = poll(&polled, nfds_t(polled.count), milliseconds)  // Its answer is found again by reading.
    }

    private enum Reading { case open, ended }

    /// Reads what is there; at most what fits a pipe a few times over, so that a talker cannot outrun the clock.
    private func drain(_ descriptor: Int32, take: (ArraySlice<UInt8>) -> Void) -> Reading {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        for _ in 0..<64 {
            let count = read(descriptor, &buffer, buffer.count)
            if count == 0 { return .ended }
            if count < 0 {
                if errno == EINTR { continue }
                return errno == EAGAIN || errno == EWOULDBLOCK ? .open : .ended
            }
            take(buffer[..<count])
        }
        return .open
    }

    private func reap(_ process: pid_t) -> Ending? {
        var status: Int32 = 0
        guard waitpid(process, &status, WNOHANG) == process else { return nil }
        // WIFEXITED, WEXITSTATUS and WTERMSIG are macros, which Swift cannot call.
        let signal = status & 0x7F
        return signal == 0 ? .exited((status >> 8) & 0xFF) : .killed(signal: signal)
    }
}
