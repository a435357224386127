import Measurements

/// What was announced last of each kind: the same cause at every tick is no news, but is not forgotten either.
struct RepeatedNews: Sendable {
    private var last: [ControlEvent.Kind: (cause: String, time: Timestamp)] = [:]
    private static let reminder = Duration.seconds(600)

    /// Whether this is to be told. Figures in the cause do not make it another one.
    mutating func isNews(_ kind: ControlEvent.Kind, cause: String, at now: Timestamp) -> Bool {
        let cause = String(cause.prefix(1_000).filter { !$0.isNumber })
        if let last = last[kind], last.cause == cause, last.time <= now, now.since(last.time).duration < Self.reminder { return false }
        last[kind] = (cause, now)
        return true
    }

    /// The trouble is over: should it come again, that is news.
    mutating func end(_ kind: ControlEvent.Kind) { last[kind] = nil }
}
