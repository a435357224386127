/// The course of a day, in the mean of the last days: how much demand is to be expected at one time against another.
struct SeasonalProfile: Sendable, Codable, Hashable {
    /// Means of the slots of the last days, the oldest day first; `nil` where a slot was not seen.
    private var days: [[Double?]] = []
    private var today: [Double?] = Array(repeating: nil, count: slots)
    private var day = 0
    private var slot = -1
    private var sum = 0.0
    private var seconds = 0.0

    static let slots = 144
    static let slotSeconds = 600.0
    private static let daySeconds = 86_400.0
    private static let rememberedDays = 7
    /// As few days say nothing about the next.
    private static let neededDays = 2

    /// - Parameters:
    ///   - time: End of the period, seconds from the beginning; never falls.
    ///   - length: Of the period, seconds.
    mutating func add(_ demand: Double, at time: Double, length: Double) {
        let start = max(0, time - length)
        let current = Int(start / Self.daySeconds)
        let index = min(Int((start - Double(current) * Self.daySeconds) / Self.slotSeconds), Self.slots - 1)
        if index != slot || current != day { close() }
        if current != day { turn(to: current) }
        slot = index
        sum += demand * length
        seconds += length
    }

    /// What follows is on another clock: it begins a day that is not known yet.
    mutating func restart() {
        close()
        turn(to: 0)
        slot = -1
    }

    /// Demand at one time over demand at another, in seconds from the beginning; 1 while too few days are known. Held within `1/2...2`.
    func ratio(of later: Double, to now: Double) -> Double {
        guard days.count >= Self.neededDays, let there = mean(at: later), let here = mean(at: now) else { return 1 }
        return min(max((there + Self.floor) / (here + Self.floor), 0.5), 2)
    }

    var isKnown: Bool { days.count >= Self.neededDays }

    /// Replicas; keeps ratios of almost nothing from meaning much.
    private static let floor = 0.1

    private mutating func close() {
        if slot >= 0, seconds >= Self.slotSeconds / 4 { today[slot] = sum / seconds }
        (sum, seconds) = (0, 0)
    }

    private mutating func turn(to next: Int) {
        if today.count(where: { $0 != nil }) > Self.slots / 2 { days.append(today) }
        if days.count > Self.rememberedDays { days.removeFirst() }
        today = Array(repeating: nil, count: Self.slots)
        day = next
    }

    /// Along the line between the middles of two slots.
    private func mean(at time: Double) -> Double? {
        let position = (time / Self.slotSeconds - 0.5)
        let low = position.rounded(.down)
        guard let before = mean(ofSlot: Int(low)), let after = mean(ofSlot: Int(low) + 1) else { return nil }
        return before + (position - low) * (after - before)
    }

    private func mean(ofSlot index: Int) -> Double? {
        let slot = ((index % Self.slots) + Self.slots) % Self.slots
        let seen = days.compactMap { $0[slot] }
        return seen.isEmpty ? nil : seen.reduce(0, +) / Double(seen.count)
    }
}
