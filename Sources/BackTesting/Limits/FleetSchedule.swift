public import Measurements

/// How many replicas are to be ready in each slot of a day, known beforehand.
public struct FleetSchedule: Sendable, Codable, Hashable {
    /// Length of a slot.
    public let slot: Nanoseconds
    /// So long before it is to be ready a replica is asked for.
    public let lead: Nanoseconds
    /// Ready at time 0.
    public let initial: Int
    /// For each slot; gaps that cost less than a new start are bridged.
    public private(set) var ready: [Int]

    public init(slot: Nanoseconds, lead: Nanoseconds, initial: Int, needed: [Int]) {
        self.slot = slot
        self.lead = lead
        self.initial = initial
        ready = needed
        bridgeGaps()
    }

    /// A replica that is not needed for g seconds is kept through them exactly if g is less than a start takes: both cost their length.
    private mutating func bridgeGaps() {
        for level in stride(from: max(initial, ready.max() ?? 0), to: 0, by: -1) {
            var lastNeeded = initial >= level ? -1 : nil as Int?
            for index in ready.indices where ready[index] >= level {
                if let lastNeeded, Int64(index - lastNeeded - 1) * slot.count < lead.count {
                    for gap in (lastNeeded + 1)..<index { ready[gap] = max(ready[gap], level) }
                }
                lastNeeded = index
            }
        }
    }

    /// A replica more or less is asked for at a time.
    struct Change: Hashable {
        var time: Nanoseconds
        /// Asked for from then on.
        var wanted: Int
    }

    /// In order of time; every change changes something.
    var changes: [Change] {
        var steps: [Int64: Int] = [:]
        var before = initial
        for (index, count) in ready.enumerated() {
            let time = Int64(index) * slot.count
            if count > before { steps[max(0, time - lead.count), default: 0] += count - before }
            if count < before { steps[time, default: 0] -= before - count }
            before = count
        }
        var wanted = initial
        return steps.sorted { $0.key < $1.key }.compactMap { time, step in
            wanted += step
            return step == 0 ? nil : Change(time: Nanoseconds(time), wanted: wanted)
        }
    }

    /// Time of replicas from being asked for to being told to go, until an end.
    func replicaSeconds(until end: Nanoseconds) -> Double {
        var seconds = 0.0
        var (time, wanted) = (Nanoseconds(0), initial)
        for change in changes where change.time < end {
            seconds += Double(wanted) * (change.time - time).seconds
            (time, wanted) = (change.time, change.wanted)
        }
        return seconds + Double(wanted) * (end - time).seconds
    }

    /// The same with one replica fewer in some slots, and no fewer than the least allowed.
    func reduced(in slots: Range<Int>, least: Int) -> FleetSchedule {
        var needed = ready
        for index in slots { needed[index] = max(least, needed[index] - 1) }
        return FleetSchedule(slot: slot, lead: lead, initial: initial, needed: needed)
    }
}
