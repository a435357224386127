public import Control
import FoundationEssentials
import Measurements
public import Probing
public import Simulation
import Synchronization

/// Sends a schedule of requests to a real endpoint and measures each: an open loop, which waits for no answer.
public final class LoadGenerator: MeasurementSource {
    public let name: String
    private let exchange: StreamExchange
    private let requests: [SimulatedRequest]
    private let timeScale: Double
    private let maximumInFlight: Int
    private let clock: any ControlClock
    private let state = Mutex(State())

    private struct State {
        var measurements: [InferenceMeasurement] = []
        var inFlight = 0
        var leftOut = 0
    }

    /// - Parameters:
    ///   - requests: In order of arrival, which is simulated time from the start of ``run()``.
    ///   - timeScale: Simulated seconds in a real one, above 0.
    ///   - maximumInFlight: Requests that come due while so many are under way are left out and counted.
    public init(
        name: String, exchange: StreamExchange, requests: [SimulatedRequest], timeScale: Double = 1, maximumInFlight: Int = 1_024,
        clock: any ControlClock
    ) {
        self.name = name
        self.exchange = exchange
        self.requests = requests
        self.timeScale = timeScale
        self.maximumInFlight = maximumInFlight
        self.clock = clock
    }

    /// Sends until the schedule is over and everything is answered; cancelled, ends what is under way, which counts as nothing.
    public func run() async {
        let start = ContinuousClock.now
        let origin = clock.steady
        await withDiscardingTaskGroup { group in
            for request in requests {
                let due = Duration.seconds(fractional: request.arrival.seconds / timeScale)
                do { try await ContinuousClock().sleep(until: start.advanced(by: due)) } catch { break }
                guard begin() else { continue }
                group.addTask { await self.send(request, intended: origin.advanced(by: due)) }
            }
            if Task.isCancelled { group.cancelAll() }
        }
    }

    public func deliver(_ request: DeliveryRequest) async -> Delivery {
        let (measurements, leftOut) = state.withLock { state in
            defer { (state.measurements, state.leftOut) = ([], 0) }
            return (state.measurements, state.leftOut)
        }
        let fault = "\(leftOut) requests were left out, since \(maximumInFlight) were under way"
        return Delivery(measurements: measurements, faults: leftOut > 0 ? [fault] : [])
    }

    private func begin() -> Bool {
        state.withLock { state in
            guard state.inFlight < maximumInFlight else {
                state.leftOut += 1
                return false
            }
            state.inFlight += 1
            return true
        }
    }

    private func send(_ request: SimulatedRequest, intended: Timestamp) async {
        var answer = await exchange.measure(prompt(for: request), key: nil, time: clock.steady)
        answer.measurement.intendedTime = intended
        let measurement = answer.measurement
        let wasStopped = Task.isCancelled && measurement.error != nil
        state.withLock { state in
            state.inFlight -= 1
            if !wasStopped { state.measurements.append(measurement) }
        }
    }

    /// As long as an engine that counts four bytes a token, and four tokens around a message, has to find it.
    private func prompt(for request: SimulatedRequest) -> ProbePrompt {
        let mark = "[\(request.id)] "
        let filling = max(0, (request.inputTokens - 4) * 4 - mark.utf8.count)
        return ProbePrompt(text: mark + String(repeating: "a", count: filling), maximumOutputTokens: request.outputTokens)
    }
}
