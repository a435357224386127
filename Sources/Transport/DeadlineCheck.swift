/// What of a transfer its deadlines are measured against.
struct TransferProgress {
    var startedAt: MonotonicTime
    var sentAt: MonotonicTime?
    /// When anything last came from the server.
    var receivedAt: MonotonicTime?
    /// Whether the transfer waits for its reader; the server is not to blame then.
    var isPaused = false
}

/// Whether a transfer is late, and when to look again if not.
enum DeadlineCheck: Equatable {
    case expired(TransportError.Phase)
    case later(MonotonicTime)
    case never

    init(_ deadlines: Deadlines, _ progress: TransferProgress, now: MonotonicTime) {
        let limits: [(phase: TransportError.Phase, from: MonotonicTime, limit: Duration?)] =
            [
                (.total, progress.startedAt, deadlines.total),
                Self.presentPhase(deadlines, progress, now),
            ]
        var next: MonotonicTime?
        for (phase, from, limit) in limits {
            guard let limit else { continue }
            let end = from + limit
            guard end > now else {
                self = .expired(phase)
                return
            }
            next = min(next ?? end, end)
        }
        // A phase that begins after this look cannot end before its whole length from now.
        for upcoming in [progress.sentAt == nil ? deadlines.firstByte : nil, deadlines.idle] {
            guard let upcoming else { continue }
            next = min(next ?? now + upcoming, now + upcoming)
        }
        self = next.map { .later($0) } ?? .never
    }

    private static func presentPhase(
        _ deadlines: Deadlines, _ progress: TransferProgress, _ now: MonotonicTime
    ) -> (TransportError.Phase, MonotonicTime, Duration?) {
        guard let sentAt = progress.sentAt else { return (.connect, progress.startedAt, deadlines.connect) }
        guard let receivedAt = progress.receivedAt else { return (.firstByte, sentAt, deadlines.firstByte) }
        return (.idle, progress.isPaused ? now : receivedAt, deadlines.idle)
    }
}
