/// Lets news of many streams gather for a moment, so that one look reads them all. Belongs to the event loop's thread.
///
/// Waking a thread costs more than reading a packet. Bytes bear the system's time of their arrival, so nothing is lost by reading them later;
/// but how long a connection takes to come about is measured by looking, so nothing gathers while one does.
final class ReadPace {
    private let interval: Duration
    /// Transfers that have no connection yet.
    var connecting = 0
    private var lastLook = MonotonicTime(nanoseconds: 0)

    /// With more than this at once there is nothing to gain.
    private static let plenty = 256

    /// - Parameter interval: Beyond a second it would hold up deadlines; more is taken for that.
    init(interval: Duration) { self.interval = min(interval, .seconds(1)) }

    /// How long to leave the sockets alone after a look; `nil` for not at all.
    /// - Parameter count: Of the sockets that were ready.
    func rest(afterReading count: Int) -> Duration? {
        guard interval > .zero, count > 0 else { return nil }
        let now = MonotonicTime.now
        let wereSoonAfterOthers = now - lastLook < interval + interval
        lastLook = now
        return wereSoonAfterOthers && connecting == 0 && count < Self.plenty ? interval : nil
    }
}
