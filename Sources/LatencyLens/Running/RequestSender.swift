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
        var attempts: [Attempt] = []
        while true {
            switch await admission(of: request) {
            case .admitted: break
            case .refused:
                if attempts.isEmpty { attempts.append(refusal(of: request)) }
                return finish(attempts, request, arrival)
            case .stopped: return end(attempts, request, arrival)
            }
            let attempt = await attempt(request, at: max(clock.now, arrival.intended))
            if Task.isCancelled, attempt.answer.measurement.error?.type == "cancelled" {
                return giveUp(request, wasSent: attempt.answer.moments.sent != nil)
            }
            attempts.append(attempt)
            let wait = runner.core.withLock { core -> Nanoseconds? in
                let wait = core.settle(request, attempt.answer, attempts: attempts.count, at: runClock.now)
                return wait != nil && core.reserve(request) ? wait : nil
            }
            guard let wait else { return finish(attempts, request, arrival) }
            guard await sleep(clock.now + wait) else { return end(attempts, request, arrival) }
        }
    }

    private struct Attempt {
        let answer: TimedAnswer
        let began: Nanoseconds
        let ended: Nanoseconds
    }

    private func attempt(_ request: PlannedRequest, at began: Nanoseconds) async -> Attempt {
        let answer = await runner.exchange.measure(
            runner.prompt(for: request), key: runner.key, time: clock.timestamp(began), id: runner.id(of: request),
            startAt: clock.moment(began))
        return Attempt(answer: answer, began: began, ended: clock.now)
    }

    /// Ends a request that may not be sent any more: as failed, where an attempt did.
    private func end(_ attempts: [Attempt], _ request: PlannedRequest, _ arrival: Arrival) {
        runner.core.withLock { $0.release(request) }
        if attempts.isEmpty || Task.isCancelled {
            giveUp(request, wasSent: !attempts.isEmpty)
        } else {
            finish(attempts, request, arrival)
        }
    }

    /// - Parameter moment: Since the stage's start.
    /// - Returns: Whether what is due may still be sent then.
    private func sleep(_ moment: Nanoseconds) async -> Bool {
        await clock.sleep(until: moment) { runner.core.withLock { $0.maySend(at: clock.now) } }
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
        let offset = Nanoseconds(clock.origin.nanoseconds - runClock.origin.nanoseconds)
        let now = runClock.now
        if let turn = runner.core.withLock({ $0.limiter?.book(tokens: estimate, at: now) }), turn > now {
            guard await sleep(turn - offset) else { return .stopped }
        }
        while !runner.core.withLock({ core in core.breaker?.admit(at: runClock.now) ?? true }) {
            // A schedule goes on; who works in a closed loop would only fail faster.
            if isOpenLoop {
                runner.core.withLock { $0.release(request) }
                return .refused
            }
            let now = runClock.now
            let next = runner.core.withLock { $0.breaker?.nextTry(at: now) } ?? now
            let turn = max(next, now + Nanoseconds(1_000_000))
            guard await sleep(turn - offset) else { return .stopped }
        }
        return .admitted
    }

    private func refusal(of request: PlannedRequest) -> Attempt {
        let exchange = runner.exchange
        var measurement = InferenceMeasurement(
            id: runner.id(of: request), model: exchange.model, provider: exchange.provider.name,
            endpoint: ForeignText.addressWithoutSecrets(exchange.endpoint))
        measurement.error = InferenceError(type: "circuit_open", message: "not sent: the server failed too often in a row")
        let now = clock.now
        return Attempt(answer: TimedAnswer(measurement: measurement, moments: ReceivedMoments(began: .now)), began: now, ended: now)
    }

    private func giveUp(_ request: PlannedRequest, wasSent: Bool) {
        let now = runClock.now
        runner.core.withLock { core in
            core.workload.answered(request, at: now)
            if wasSent { core.stage.interrupted += 1 } else { core.stage.drop() }
        }
    }

    /// - Parameter attempts: At least one; the last is the request's.
    private func finish(_ attempts: [Attempt], _ request: PlannedRequest, _ arrival: Arrival) {
        guard let last = attempts.last else { return }
        let answer = last.answer
        var record = answer.record(scenario: request.scenario, intended: clock.moment(arrival.intended), origin: clock.origin)
        record.isWarmUp = arrival.isWarmUp
        record.earlierAttempts = attempts.dropLast().compactMap { attempt in
            attempt.answer.measurement.error.map { FailedAttempt(error: $0, began: attempt.began, ended: attempt.ended) }
        }
        record.measurement.time = record.moments.sent.map(clock.timestamp)
        record.measurement.intendedTime = isOpenLoop ? clock.timestamp(arrival.intended) : nil
        let isGood = runner.isGood(record)
        let now = runClock.now
        runner.core.withLock { core in
            core.workload.answered(request, at: now)
            core.stage.finish(record, isGood: isGood, isOpenLoop: isOpenLoop, endedAt: last.ended)
            if runner.settings.keepsRecords { core.stage.records.append(record) }
            if runner.sink != nil { core.stage.outbox.append(record) }
        }
    }
}
