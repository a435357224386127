import Synchronization

/// Hands an answer over as it comes: a bounded queue between the event loop's thread and one reader.
final class AnswerStream: TransferObserver {
    private struct State {
        var head: AnswerHead?
        var pieces = BodyPieces()
        var outcome: Result<PhaseTimings, TransportError>?
        /// The reader, while it has nothing to do.
        var waiter: CheckedContinuation<Void, Never>?
        /// The transfer waits for the reader.
        var isPaused = false
        var isCancelled = false

        var hasNews: Bool { outcome != nil || !pieces.isEmpty }
    }

    private let origin: String
    private let limitBytes: Int
    /// Fewer wait for more.
    private let wakeAfterBytes: Int
    private let loop: EventLoop
    private let state = Mutex(State())

    init(_ checked: CheckedRequest, loop: EventLoop) {
        origin = checked.address.origin.description
        limitBytes = checked.request.streamBufferBytes
        wakeAfterBytes = min(checked.request.wakeAfterBytes, limitBytes)
        self.loop = loop
    }

    // MARK: The reader's side

    /// Sends a request and waits for the head of the answer.
    func open(_ checked: CheckedRequest) async throws(TransportError) -> AnswerHead {
        loop.start(checked, observer: self)
        await wait { $0.head != nil || $0.outcome != nil }
        let (head, outcome) = state.withLock { ($0.head, $0.outcome) }
        if let head { return head }
        _ = try outcome?.get()
        preconditionFailure("a transfer went on without a head")
    }

    /// The next piece; `nil` at the end of the body.
    func next() async throws(TransportError) -> BodyChunk? { try await next { $0.popFirst() } }

    /// All pieces that wait, at least one; `nil` at the end of the body.
    func nextPieces() async throws(TransportError) -> BodyPieces? {
        try await next { pieces in
            defer { pieces = BodyPieces() }
            return pieces.isEmpty ? nil : pieces
        }
    }

    private func next<Taken: Sendable>(_ take: @Sendable (inout BodyPieces) -> Taken?) async throws(TransportError) -> Taken? {
        while true {
            await wait { $0.hasNews }
            let (taken, outcome, isRoom) = state.withLock { state -> (Taken?, Result<PhaseTimings, TransportError>?, Bool) in
                let taken = take(&state.pieces)
                let isRoom = state.isPaused && state.pieces.byteCount <= limitBytes / 2
                if isRoom { state.isPaused = false }
                return (taken, state.outcome, isRoom)
            }
            if isRoom { loop.resume(self) }
            if let taken { return taken }
            if let outcome {
                _ = try outcome.get()
                return nil
            }
            // A cancellation took the news away; the next is the end.
        }
    }

    /// Where the time went; `nil` until the body has come to its end.
    var timings: PhaseTimings? { state.withLock { try? $0.outcome?.get() } }  // An error has no timings, and `next` throws it.

    /// What waits for the reader.
    var bufferedBytes: Int { state.withLock(\.pieces.byteCount) }

    func cancel() {
        let error = TransportError(.cancelled, origin: origin, cause: "it was cancelled", mayHaveReachedServer: true)
        let isUnderWay = state.withLock { state in
            state.isCancelled = true
            if state.outcome != nil && !state.pieces.isEmpty { state.outcome = .failure(error) }
            state.pieces = BodyPieces()
            return state.outcome == nil
        }
        if isUnderWay { loop.cancel(self) }
    }

    private func wait(until isReady: @escaping @Sendable (borrowing State) -> Bool) async {
        if state.withLock({ isReady($0) }) && !Task.isCancelled { return }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReadyNow = state.withLock { state in
                    precondition(state.waiter == nil, "two tasks read one body")
                    if isReady(state) { return true }
                    state.waiter = continuation
                    return false
                }
                if isReadyNow { continuation.resume() }
            }
        } onCancel: {
            cancel()
        }
    }

    // MARK: The event loop's side

    var isCancelled: Bool { state.withLock(\.isCancelled) }

    func received(_ head: AnswerHead) -> Bool {
        state.withLock { $0.head = head }
        return wakeAfterBytes == 0
    }

    func received(_ bytes: UnsafeRawBufferPointer, at time: MonotonicTime) -> Acceptance {
        state.withLock { state in
            if state.isCancelled { return .accepted(wakesReader: false) }  // By nobody: the end is on its way.
            guard state.pieces.byteCount < limitBytes else {
                state.isPaused = true
                return .full
            }
            state.pieces.append(bytes, at: time, expectedBytes: wakeAfterBytes)
            return .accepted(wakesReader: state.pieces.byteCount >= wakeAfterBytes)
        }
    }

    func deliver() { wake { _ in } }

    func finished(_ outcome: Result<PhaseTimings, TransportError>) { wake { $0.outcome = outcome } }

    private func wake(_ change: (inout State) -> Void) {
        let waiter = state.withLock { state in
            change(&state)
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }
}
