/// Whose measurements a group holds.
public struct GroupKey: Sendable, Codable, Hashable, Comparable {
    public var model: String
    public var provider: String
    public var endpoint: String

    public init(model: String, provider: String, endpoint: String) {
        self.model = model
        self.provider = provider
        self.endpoint = endpoint
    }

    func holds(_ measurement: InferenceMeasurement) -> Bool {
        model == measurement.model && provider == measurement.provider && endpoint == measurement.endpoint
    }

    public static func < (left: GroupKey, right: GroupKey) -> Bool {
        (left.model, left.provider, left.endpoint) < (right.model, right.provider, right.endpoint)
    }
}

/// A stream of measurements as sliding windows, groups and a whole, in memory that does not grow with the stream.
///
/// Time is cut into panes of equal width; a window is the union of the panes it touches. Panes older than the retention are dropped,
/// and a measurement that arrives for a dropped pane is counted in ``lateCount`` and in the whole only.
public struct MeasurementWindows: Sendable {
    /// Groups kept apart; measurements of further ones are in the whole only, and counted in ``ungroupedCount``.
    public static let maximumGroups = 64
    /// The most panes kept, whatever the retention asks for.
    public static let maximumPanes = 4_096

    public let paneWidth: Nanoseconds
    /// Everything ever recorded.
    public private(set) var whole: StatisticsAccumulator
    public private(set) var lateCount = 0
    /// Measurements without a time; they are in no window.
    public private(set) var untimedCount = 0
    public private(set) var ungroupedCount = 0

    private let limits: [LatencyLimit]
    private let maximumPaneCount: Int
    private var panes: [Pane] = []  // Ascending by index.
    private var groupList: [(key: GroupKey, statistics: StatisticsAccumulator)] = []
    /// Where the last measurement's group is; the next one mostly belongs to it too.
    private var lastGroup = 0

    private struct Pane: Sendable {
        let index: Int64
        var statistics: StatisticsAccumulator
    }

    /// - Parameters:
    ///   - paneWidth: Greater than zero; windows are rounded up to whole panes.
    ///   - retention: The longest window that will be asked for.
    ///   - limits: Latency limits each request is judged by.
    public init(paneWidth: Duration, retention: Duration, limits: [LatencyLimit] = []) {
        precondition(paneWidth > .zero, "a pane has a width, got \(paneWidth)")
        self.paneWidth = Nanoseconds(seconds: paneWidth.inSeconds)
        let wanted = (retention.inSeconds / paneWidth.inSeconds).rounded(.up) + 1
        maximumPaneCount = Int(min(max(wanted, 2), Double(Self.maximumPanes)))
        self.limits = limits
        whole = StatisticsAccumulator(limits: limits)
    }

    /// The statistics of each group, in the order of their first measurements.
    public var groups: [(key: GroupKey, statistics: StatisticsAccumulator)] { groupList }

    /// When the newest measurement was sent; the "now" of an imported stream.
    public var newest: Timestamp? { whole.lastSent }

    public mutating func record(_ measurement: InferenceMeasurement) {
        whole.record(measurement)
        recordInGroup(measurement)
        guard let time = measurement.time else {
            untimedCount += 1
            return
        }
        let index = floorDivide(time.nanosecondsSinceEpoch, paneWidth.count)
        guard let position = position(ofPane: index) else {
            lateCount += 1
            return
        }
        panes[position].statistics.record(measurement)
    }

    /// Everything sent in the window `(end − length, end]`, rounded out to whole panes.
    public func window(endingAt end: Timestamp, length: Duration) -> StatisticsAccumulator {
        var result = StatisticsAccumulator(limits: limits)
        for pane in panes(endingAt: end, length: length) { result.merge(pane.statistics) }
        return result
    }

    /// The panes of a window in order, each with the time it begins; panes without measurements are not among them.
    public func series(endingAt end: Timestamp, length: Duration) -> [(start: Timestamp, statistics: StatisticsAccumulator)] {
        panes(endingAt: end, length: length).map { (Timestamp(nanosecondsSinceEpoch: $0.index * paneWidth.count), $0.statistics) }
    }

    private func panes(endingAt end: Timestamp, length: Duration) -> ArraySlice<Pane> {
        let last = floorDivide(end.nanosecondsSinceEpoch, paneWidth.count)
        let start = end.advanced(by: .zero - length)
        let first = floorDivide(start.nanosecondsSinceEpoch, paneWidth.count) + 1
        let from = panes.firstIndex { $0.index >= min(first, last) } ?? panes.endIndex
        let to = panes.firstIndex { $0.index > last } ?? panes.endIndex
        return from < to ? panes[from..<to] : []
    }

    private mutating func recordInGroup(_ measurement: InferenceMeasurement) {
        guard let index = groupIndex(of: measurement) else {
            ungroupedCount += 1
            return
        }
        lastGroup = index
        groupList[index].statistics.record(measurement)
    }

    private mutating func groupIndex(of measurement: InferenceMeasurement) -> Int? {
        if lastGroup < groupList.count, groupList[lastGroup].key.holds(measurement) { return lastGroup }
        if let known = groupList.firstIndex(where: { $0.key.holds(measurement) }) { return known }
        guard groupList.count < Self.maximumGroups else { return nil }
        let key = GroupKey(model: measurement.model, provider: measurement.provider, endpoint: measurement.endpoint)
        groupList.append((key, StatisticsAccumulator(limits: limits)))
        return groupList.count - 1
    }

    /// Where the pane is, after making room for it; `nil` where it is older than the retention.
    private mutating func position(ofPane index: Int64) -> Int? {
        if let last = panes.last {
            if last.index == index { return panes.count - 1 }
            if index < last.index {
                return positionOfOlderPane(index)
            }
        }
        panes.append(Pane(index: index, statistics: StatisticsAccumulator(limits: limits)))
        let oldestKept = index - Int64(maximumPaneCount) + 1
        panes.removeFirst(panes.prefix { $0.index < oldestKept }.count)
        return panes.count - 1
    }

    private mutating func positionOfOlderPane(_ index: Int64) -> Int? {
        guard let newest = panes.last, index > newest.index - Int64(maximumPaneCount) else { return nil }
        let position = panes.firstIndex { $0.index >= index } ?? panes.endIndex
        if panes[position].index != index {
            panes.insert(Pane(index: index, statistics: StatisticsAccumulator(limits: limits)), at: position)
        }
        return position
    }
}
