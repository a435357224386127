/// Who wants to know what becomes of a transfer; told on the event loop's thread, where nothing may wait.
protocol TransferObserver: AnyObject, Sendable {
    /// Whether nobody waits for the answer any more; asked before the transfer starts.
    var isCancelled: Bool { get }
    /// Told once, before the body.
    /// - Returns: Whether the reader is to be woken for it.
    func received(_ head: AnswerHead) -> Bool
    func received(_ bytes: UnsafeRawBufferPointer, at time: MonotonicTime) -> Acceptance
    /// Wakes who waits for what was received; told some time after it was.
    func deliver()
    /// Told once, at the end; wakes at once.
    func finished(_ outcome: Result<PhaseTimings, TransportError>)
}

/// What an observer makes of a piece of the body.
enum Acceptance {
    case accepted(wakesReader: Bool)
    /// Not taken: offer it again when the reader has made room.
    case full
    case tooLarge(limitBytes: Int)
}
