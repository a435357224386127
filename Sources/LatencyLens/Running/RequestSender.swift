import FoundationEssentials
import LoadGeneration
import Measurements
import Probing
import Synchronization
import Transport

/// Sends the requests of one stage, each to its end: limits, retries and the circuit breaker included.
struct RequestSender: Sendable {
    let runner: LoadRunner
    /// Of the run.
    let runClock: RunClock
    /// Of the stage.
    let clock: RunClock
    let isOpenLoop: Bool

    /// Sends what is due, or counts it as never sent.
    func send(_ arrival: Arrival) async {
        guard let request = runner.core.withLock({ $0.plan(arrival, at: runClock.now) }) else {
            return runner.core.withLock { $0.stage.drop() }
        }
        var earlier: [FailedAttempt] = []
        while true {
            switch await admission(of: request) {
            case .admitted: break
            case .stopped: return giveUp(request, wasSent: !earlier.isEmpty)
            case .refused: return finish(refusal(of: request), request, arrival, earlier)
            }
            let began = clock.now
            let answer = await runner.exchange.measure(
                runner.prompt(for: request), key: runner.key, time: clock.timestamp(began), id: runner.id(of: request))
            if Task.isCancelled, answer.measurement.error?.type == "cancelled" { return giveUp(request, wasSent: true) }
            let wait = runner.core.withLock { core -> Nanoseconds? in
                let wait = core.settle(request, answer, attempts: earlier.count + 1, at: runClock.now)
                return wait != nil && core.reserve(request) ? wait : nil
            }
            guard let wait, let error = answer.measurement.error else { return finish(answer, request, arrival, earlier) }
            earlier.append(FailedAttempt(error: error, began: began, ended: clock.now))
            guard await clock.sleep(until: clock.now + wait, while: { runner.isSending }) else { return giveUp(request, wasSent: true) }
        }
    }

    private enum Admission {
        case admitted
        /// By the circuit breaker.
        case refused
        /// The run ended while it waited.
        case stopped
    }

    private func admission(of request: PlannedRequest) async -> Admission {
        let estimate = request.inputTokens + request.outputTokens
        let now = runClock.now
        if let turn = runner.core.withLock({ $0.limiter?.book(tokens: estimate, at: now) }), turn > now {
            guard await runClock.sleep(until: turn, while: { runner.isSending }) else { return .stopped }
        }
        while !runner.core.withLock({ core in core.breaker?.admit(at: runClock.now) ?? true }) {
            // A schedule goes on; who works in a closed loop would only fail faster.
            if isOpenLoop { return .refused }
            let now = runClock.now
            let next = runner.core.withLock { $0.breaker?.nextTry(at: now) } ?? now
            let turn = max(next, now + Nanoseconds(1_000_000))
            guard await runClock.sleep(until: turn, while: { runner.isSending }) else { return .stopped }
        }
        return .admitted
    }

    private func refusal(of request: PlannedRequest) -> TimedAnswer {
        let exchange = runner.exchange
        var measurement = InferenceMeasurement(
            id: runner.id(of: request), model: exchange.model, provider: exchange.provider.name,
            endpoint: ForeignText.addressWithoutSecrets(exchange.endpoint))
        measurement.error = InferenceError(type: "circuit_open", message: "not sent: the server failed too often in a row")
        return TimedAnswer(measurement: measurement, moments: ReceivedMoments(began: .now))
    }

    private func giveUp(_ request: PlannedRequest, wasSent: Bool) {
        let now = runClock.now
        runner.core.withLock { core in
            core.workload.answered(request, at: now)
            if wasSent { core.stage.interrupted += 1 } else { core.stage.drop() }
        }
    }

    private func finish(_ answer: TimedAnswer, _ request: PlannedRequest, _ arrival: Arrival, _ earlier: [FailedAttempt]) {
        var record = answer.record(scenario: request.scenario, intended: clock.moment(arrival.intended), origin: clock.origin)
        record.isWarmUp = arrival.isWarmUp
        record.earlierAttempts = earlier
        record.measurement.time = record.moments.sent.map(clock.timestamp)
        record.measurement.intendedTime = isOpenLoop ? clock.timestamp(arrival.intended) : nil
        let isGood = runner.isGood(record)
        let ended = clock.now
        let now = runClock.now
        runner.core.withLock { core in
            core.workload.answered(request, at: now)
            core.stage.finish(record, isGood: isGood, isOpenLoop: isOpenLoop, endedAt: ended)
            if runner.settings.keepsRecords { core.stage.records.append(record) }
            if runner.sink != nil { core.stage.outbox.append(record) }
        }
    }
}
