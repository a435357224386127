public import Control
import Documents
import FoundationEssentials
import Measurements
import Statistics
import Synchronization
import Transport

/// Requests of our own to a live endpoint, sent at a rate; a black box is measured the way its users see it.
public final class StreamingProbe: MeasurementSource {
    public let name: String
    private let exchange: StreamExchange
    private let settings: ProbeSettings
    private let clock: any ControlClock
    private let state = Mutex(ProbeState())

    public init(name: String, exchange: StreamExchange, settings: ProbeSettings, clock: any ControlClock) {
        self.name = name
        var exchange = exchange
        exchange.headers.append(ProbeSettings.mark)
        self.exchange = exchange
        self.settings = settings
        self.clock = clock
        if let tokens = settings.tokensPerHour { state.withLock { $0.budget = TokenBudget(tokensPerHour: tokens, now: .now) } }
    }

    /// Sends until the task is cancelled, and then ends what is under way, which counts as nothing.
    ///
    /// A request that would be one too many under way is left out and counted: a slow server is not pushed further. So is one that could
    /// cost more than is left of the budget. Prompts are made up and kept nowhere.
    /// - Parameter limit: Requests that come due at most; after the last one, returns when all are answered.
    public func run(limit: Int = .max) async {
        var schedule = ProbeSchedule(rate: settings.rate, jitter: settings.jitter, generator: SplitMix64(seed: settings.seed))
        var prompts = ProbePrompts(maximumOutputTokens: settings.maximumOutputTokens, generator: SplitMix64(seed: settings.seed ^ 0x5EED))
        let monotonic = ContinuousClock()
        await withDiscardingTaskGroup { group in
            var next = monotonic.now
            var due = 0
            while due < limit, !Task.isCancelled {
                due += 1
                let prompt = prompts.next()
                if begin(prompt) {
                    group.addTask { await self.send(prompt) }
                }
                // From when it was due, so that the rate holds; after a long stop of the machine nothing is made up for.
                next = max(next.advanced(by: schedule.nextGap()), monotonic.now.advanced(by: .zero - .seconds(1)))
                do { try await monotonic.sleep(until: next) } catch { break }
            }
            if Task.isCancelled { group.cancelAll() }
        }
    }

    public func deliver(_ request: DeliveryRequest) async -> Delivery {
        let taken = state.withLock { $0.take() }
        return Delivery(
            measurements: taken.finished.map(\.measurement),
            faults: taken.faults(endpoint: ForeignText.addressWithoutSecrets(exchange.endpoint), settings: settings))
    }

    /// Counts a request as under way; `false` where there are enough, or no tokens left.
    private func begin(_ prompt: Prompt) -> Bool {
        state.withLock { state in
            guard state.inFlight < settings.maximumInFlight else {
                state.leftOut += 1
                return false
            }
            guard state.budget?.reserve(prompt.mostTokens, now: .now) ?? true else {
                state.unaffordable += 1
                return false
            }
            state.inFlight += 1
            return true
        }
    }

    private func send(_ prompt: Prompt) async {
        let key: String?
        do throws(SecretMissing) {
            if let place = settings.key { key = try place.read() } else { key = nil }
        } catch {
            let reason = error.description
            return state.withLock {
                $0.inFlight -= 1
                $0.budget?.settle(reserved: prompt.mostTokens, used: 0)
                $0.missingKey = reason
            }
        }
        var answer = await exchange.measure(prompt, key: key, time: clock.steady)
        answer.measurement.isProbe = true
        let wasStopped = Task.isCancelled && answer.measurement.error != nil
        state.withLock {
            $0.inFlight -= 1
            $0.budget?.settle(reserved: prompt.mostTokens, used: answer.tokensSpent(of: prompt))
            if !wasStopped { $0.add(answer) }
        }
    }
}

extension TimedAnswer {
    /// What was spent on it, as the server says; where it does not, what it may have been.
    fileprivate func tokensSpent(of prompt: Prompt) -> Int {
        if moments.sent == nil { return 0 }
        guard case .reported(let output)? = tokens, let input = measurement.inputTokens else { return prompt.mostTokens }
        return input + output
    }
}
