#if canImport(Glibc)
    private import Glibc
#elseif canImport(Darwin)
    private import Darwin
#endif

/// An exponentially forgetting mean that is unbiased from its first value on.
struct DemandLevel: Sendable, Codable, Hashable {
    /// What was seen so long ago counts for 1/e; seconds.
    let memory: Double
    private(set) var value = 0.0
    /// Of all that was seen, so that the first value counts whole; `0...1`.
    private var weight = 0.0

    init(memory: Double) { self.memory = memory }

    var isEmpty: Bool { weight == 0 }

    /// - Parameter seconds: For which the demand held.
    mutating func add(_ demand: Double, seconds: Double) {
        let share = 1 - exp(-seconds / memory)
        weight += share * (1 - weight)
        value += share / weight * (demand - value)
    }

    /// As if the demand had been this all the time.
    mutating func reset(to demand: Double) {
        value = demand
        weight = 1
    }
}
