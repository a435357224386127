import Control
import Foundation
import Measurements
import Probing
import Simulation
import Synchronization

/// Clients of the demonstration: requests over HTTP at a schedule, so many at once at most, measured as clients see them.
///
/// All times are simulated ones, so that they compare with the policy's.
final class DemoLoad: MeasurementSource {
    let name = "clients"
    private let exchange: StreamExchange
    private let clock: DemoClock
    private let arrivals: Arrivals
    private let state = Mutex(State())

    private struct State {
        var inFlight = 0
        var finished: [InferenceMeasurement] = []
    }

    /// Requests under way at most; what comes due above it is left out, as people leave a slow service.
    static let maximumInFlight = 20

    init(exchange: StreamExchange, clock: DemoClock, arrivals: Arrivals) {
        self.exchange = exchange
        self.clock = clock
        self.arrivals = arrivals
    }

    /// Sends until the task is cancelled, and ends what is under way then.
    func run() async {
        var arrivals = arrivals
        await withDiscardingTaskGroup { group in
            while let request = arrivals.next() {
                do { try await clock.sleep(until: request.arrival) } catch { break }
                let hasRoom = state.withLock { state in
                    guard state.inFlight < Self.maximumInFlight else { return false }
                    state.inFlight += 1
                    return true
                }
                if hasRoom { group.addTask { await self.send(request) } }
            }
            group.cancelAll()
        }
    }

    func deliver(_ request: DeliveryRequest) async -> Delivery {
        Delivery(
            measurements: state.withLock { state in
                defer { state.finished = [] }
                return state.finished
            })
    }

    private func send(_ request: SimulatedRequest) async {
        // Four letters are a token to the server.
        let prompt = Prompt(text: String(repeating: "tell", count: request.inputTokens), maximumOutputTokens: request.outputTokens)
        let answer = await exchange.measure(prompt, key: nil, time: clock.steady)
        let measurement = answer.measurement.stretched(by: clock.scale)
        let wasStopped = Task.isCancelled
        state.withLock { state in
            state.inFlight -= 1
            if !wasStopped { state.finished.append(measurement) }
        }
    }
}

extension InferenceMeasurement {
    /// What was measured in real time, in a time that runs so many times as fast.
    fileprivate func stretched(by scale: Double) -> InferenceMeasurement {
        func stretch(_ time: Nanoseconds) -> Nanoseconds { Nanoseconds(seconds: time.seconds * scale) }
        var copy = self
        copy.timeToFirstToken = timeToFirstToken.map(stretch)
        copy.timePerOutputToken = timePerOutputToken.map(stretch)
        copy.endToEnd = endToEnd.map(stretch)
        copy.decode = decode.map(stretch)
        copy.network = network.map(stretch)
        copy.chunkGaps = chunkGaps?.map(stretch)
        return copy
    }
}
