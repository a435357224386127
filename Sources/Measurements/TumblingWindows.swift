/// Cuts a stream in order of time into windows that do not overlap, each with the statistics of its groups.
///
/// A window is handed out as soon as a measurement of a later one arrives, so that only one is ever held.
public struct TumblingWindows: Sendable {
    public let width: Nanoseconds
    private var index: Int64?
    private var windows: MeasurementWindows
    private let pane: Duration

    /// One window and what was sent in it.
    public struct Window: Sendable {
        /// `nil` for measurements that tell no time.
        public let start: Timestamp?
        public let groups: [(key: GroupKey, statistics: StatisticsAccumulator)]
    }

    /// - Parameter width: Greater than zero.
    public init(width: Duration) {
        precondition(width > .zero, "a window has a width, got \(width)")
        self.width = Nanoseconds(seconds: width.inSeconds)
        pane = width
        windows = Self.empty(width)
    }

    /// Adds a measurement.
    /// - Returns: The window that it closes, if any. Measurements out of order open a window of their own again.
    public mutating func record(_ measurement: InferenceMeasurement) -> Window? {
        let next = measurement.time.map { floorDivide($0.nanosecondsSinceEpoch, width.count) }
        let closed = next != index ? finish() : nil
        index = next
        windows.record(measurement)
        return closed
    }

    /// The window that is still open; `nil` where nothing was recorded since the last one.
    public mutating func finish() -> Window? {
        guard windows.whole.requests > 0 else { return nil }
        let window = Window(start: index.map { Timestamp(nanosecondsSinceEpoch: $0 * width.count) }, groups: windows.groups)
        windows = Self.empty(pane)
        return window
    }

    private static func empty(_ width: Duration) -> MeasurementWindows { MeasurementWindows(paneWidth: width, retention: width) }
}
