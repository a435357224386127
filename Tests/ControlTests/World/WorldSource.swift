import Control
import Foundation
import Measurements
import Policies
import Statistics
import Synchronization
import Verification

/// Requests as the target of the world would answer them with the setting in force.
struct WorldSource: MeasurementSource {
    let world: World
    let name = "probe"

    func deliver(_ request: DeliveryRequest) async -> Delivery {
        let slots = world.target.state.withLock { $0.valueOfRest?.wholeNumber ?? 2 }
        let shift = world.effect[slots] ?? 0
        return world.state.withLock { state in
            if state.chance(state.trouble.calls) { return Delivery(faults: ["no answer"]) }
            if world.hasCanaries { return counted(request, shift: shift, &state) }
            let measurements = (0..<12).map { index in
                let sent = request.now.advanced(by: .milliseconds(-15_000 + index * 1_200))
                // One of twelve does not queue: what it takes without waiting is known.
                let ttft = index == 0 ? 0.08 : 0.8 * state.load * exp(shift + 0.15 * state.normal())
                let tpot = 0.03 * exp(shift + 0.1 * state.normal())
                return measurement(sent: sent, ttft: ttft, tpot: tpot, index: index, &state)
            }
            return Delivery(measurements: measurements)
        }
    }

    /// As a source that counts and sees no single requests. A canary takes many of them: each group sees a quarter.
    private func counted(_ request: DeliveryRequest, shift: Double, _ state: inout World.State) -> Delivery {
        let load = state.load
        let readings = request.questions.compactMap { question -> RecordedReading? in
            let value: Double? =
                switch question.query {
                case .latency(.timeToFirstToken, let statistic): 0.8 * load * exp(shift) * (statistic == .mean ? 1 : 1.28)
                case .latency(.timePerOutputToken, let statistic): 0.03 * exp(shift) * (statistic == .mean ? 1 : 1.18)
                case .latency(.prefill, .mean): 0.08
                case .throughput: 5
                default: nil
                }
            return value.map { RecordedReading(query: question.query, window: question.window, reading: .value(.init($0, samples: 300))) }
        }
        let blocks = (0..<4).map { index in
            var block = LatencyBlock(
                start: request.now.advanced(by: .seconds(15 * (index - 4))), length: .seconds(15), requests: 75, failed: 0)
            block.logTimeToFirstToken = .init(mean: log(0.8 * load) + shift + 0.02 * state.normal(), count: 75)
            block.logTimePerOutputToken = .init(mean: log(0.03) + shift + 0.01 * state.normal(), count: 75)
            return block
        }
        // What a request takes without waiting is known, from no time in particular.
        var unloaded = InferenceMeasurement(id: UUID(), time: nil, model: "m", provider: "p", endpoint: "e")
        unloaded.timeToFirstToken = Nanoseconds(seconds: 0.08)
        return Delivery(measurements: [unloaded], readings: readings, blocks: blocks)
    }

    private func measurement(sent: Timestamp, ttft: Double, tpot: Double, index: Int, _ state: inout World.State) -> InferenceMeasurement {
        var measurement = InferenceMeasurement(id: UUID(), time: sent, model: "m", provider: "p", endpoint: "e")
        measurement.timeToFirstToken = Nanoseconds(seconds: ttft)
        measurement.timePerOutputToken = Nanoseconds(seconds: tpot)
        measurement.outputTokens = 20
        measurement.inputTokens = 100
        measurement.endToEnd = Nanoseconds(seconds: ttft + 19 * tpot)
        return measurement
    }
}
