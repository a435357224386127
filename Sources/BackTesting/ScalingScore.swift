import Measurements
import Simulation

/// How a scaler did in a trial.
public struct ScalingScore: Sendable, Codable, Hashable {
    /// Requests that came after the warm-up, and those of them that were answered in time.
    public private(set) var arrived = 0
    public private(set) var met = 0
    /// Time of replicas from being asked for to being off, in hours; cold starts are paid for.
    public private(set) var replicaHours = 0.0
    /// Changes of the number of replicas, those that turned the direction of the last one, and replicas that were started.
    public private(set) var changes = 0
    public private(set) var reversals = 0
    public private(set) var starts = 0
    /// Of the trial, in hours.
    public private(set) var hours = 0.0
    private var lastDirection = 0

    /// Share of the arrived requests answered in time, `0...1`; `nil` where none arrived. What was not answered was missed.
    public var attainment: Double? { arrived > 0 ? Double(met) / Double(arrived) : nil }

    mutating func add(_ outcome: RequestOutcome, isMet: Bool) {
        if isMet { met += 1 }
    }

    mutating func addChange(from old: Int, to new: Int) {
        changes += 1
        starts += max(0, new - old)
        let direction = (new - old).signum()
        if direction == -lastDirection { reversals += 1 }
        lastDirection = direction
    }

    mutating func close(arrived: Int, replicaSeconds: Double, span: Nanoseconds) {
        self.arrived = arrived
        replicaHours = replicaSeconds / 3_600
        hours = span.seconds / 3_600
    }
}
