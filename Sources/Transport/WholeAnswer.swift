import Synchronization

/// Collects an answer up to its end.
final class WholeAnswer: TransferObserver {
    private struct State {
        var head: AnswerHead?
        var body: [UInt8] = []
        var outcome: Result<PhaseTimings, TransportError>?
        var waiter: CheckedContinuation<Void, Never>?
        var isCancelled = false
    }

    private let limitBytes: Int
    private let loop: EventLoop
    private let state = Mutex(State())

    init(limitBytes: Int, loop: EventLoop) {
        self.limitBytes = limitBytes
        self.loop = loop
    }

    /// Sends a request and waits for all of the answer; cancelling the task ends both.
    func fetch(_ checked: CheckedRequest) async throws(TransportError) -> HTTPAnswer {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                state.withLock { $0.waiter = continuation }
                loop.start(checked, observer: self)
            }
        } onCancel: {
            state.withLock { $0.isCancelled = true }
            loop.cancel(self)
        }
        let (head, body, outcome) = state.withLock { ($0.head, $0.body, $0.outcome) }
        guard let timings = try outcome?.get(), let head else { preconditionFailure("a transfer succeeded without a head") }
        return HTTPAnswer(status: head.status, headers: head.headers, body: body, timings: timings)
    }

    var isCancelled: Bool { state.withLock(\.isCancelled) }

    func received(_ head: AnswerHead) -> Bool {
        state.withLock { $0.head = head }
        return false  // Who waits, waits for the end.
    }

    func received(_ bytes: UnsafeRawBufferPointer, at time: MonotonicTime) -> Acceptance {
        state.withLock { state in
            guard bytes.count <= limitBytes - state.body.count else { return .tooLarge(limitBytes: limitBytes) }
            state.body += bytes
            return .accepted(wakesReader: false)
        }
    }

    func deliver() {}

    func finished(_ outcome: Result<PhaseTimings, TransportError>) {
        let waiter = state.withLock { state in
            state.outcome = outcome
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }
}
