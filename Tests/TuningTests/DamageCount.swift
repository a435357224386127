import Measurements
import Tuning

/// What a service pays for tuning: requests that miss their objective because something is tried.
///
/// From the moment something is tried a copy of the service goes on beside it under the same requests, with what was in force before. What misses
/// in ten seconds beyond what misses in the copy is the trial's doing, until it is over and what it left behind has had a minute to go; what misses
/// less is no credit.
struct DamageCount {
    let landscape: TuningWorld.Landscape
    let start: Configuration
    private(set) var misses = 0.0
    /// Longest time for which a configuration was in force anywhere under which more than half of the requests miss, s; the start does not count.
    private(set) var longestUnstable = 0.0
    private var unstableSeconds = [0.0, 0.0, 0.0]
    private var untouched: TunedFleet?

    init(_ landscape: TuningWorld.Landscape, start: Configuration) {
        self.landscape = landscape
        self.start = start
    }

    /// - Parameter fleet: As it is before something is tried.
    mutating func begin(_ fleet: TunedFleet) { untouched = fleet }

    mutating func end() { untouched = nil }

    /// Counts a time that has just passed, as the fleet's groups spent it.
    mutating func add(_ tallies: [TunedFleet.Tally], of fleet: TunedFleet, length: Nanoseconds) {
        if let usual = untouched?.advance(by: length) {
            let missed = tallies.reduce(0) { $0 + $1.missed } - usual.reduce(0) { $0 + $1.missed }
            misses += Double(max(0, missed))
        }
        for (group, configuration) in fleet.configurations.enumerated() {
            let isUnstable = configuration != start && landscape[configuration].isUnstable
            unstableSeconds[group] = isUnstable ? unstableSeconds[group] + length.seconds : 0
            longestUnstable = max(longestUnstable, unstableSeconds[group])
        }
    }
}
