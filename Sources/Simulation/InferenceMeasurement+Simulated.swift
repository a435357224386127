import FoundationEssentials
public import Measurements

extension InferenceMeasurement {
    /// A simulated request as a probe would have measured it, for what reads measurements in production.
    ///
    /// Its identity is made of seed and number, so that the same simulation gives the same bytes.
    /// - Parameters:
    ///   - epoch: When the simulation began, on the clock of the reader.
    ///   - seed: Keeps measurements of several simulations apart.
    public init(_ outcome: RequestOutcome, model: String, epoch: Timestamp, seed: UInt64) {
        self.init(
            id: UUID(seed: seed, number: UInt64(bitPattern: Int64(outcome.id))), time: epoch.advanced(by: outcome.arrival), model: model,
            provider: "simulator", endpoint: "replica/\(outcome.replica)")
        inputTokens = outcome.inputTokens
        outputTokens = outcome.outputTokens
        guard outcome.ending == .completed else {
            error = InferenceError(type: outcome.ending.rawValue, message: "the simulated request was \(outcome.ending.rawValue)")
            return
        }
        timeToFirstToken = outcome.timeToFirstToken
        timePerOutputToken = outcome.timePerOutputToken
        endToEnd = outcome.endToEnd
        queue = outcome.queued
    }
}

extension UUID {
    fileprivate init(seed: UInt64, number: UInt64) {
        func byte(_ value: UInt64, _ place: UInt64) -> UInt8 { UInt8(truncatingIfNeeded: value >> (8 * (7 - place))) }
        self.init(
            uuid: (
                byte(seed, 0), byte(seed, 1), byte(seed, 2), byte(seed, 3), byte(seed, 4), byte(seed, 5), byte(seed, 6), byte(seed, 7),
                byte(number, 0), byte(number, 1), byte(number, 2), byte(number, 3), byte(number, 4), byte(number, 5), byte(number, 6),
                byte(number, 7)
            ))
    }
}
