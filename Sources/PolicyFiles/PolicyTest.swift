internal import Measurements
internal import Policies

/// One test of a policy: series over time, and what must follow from them.
struct PolicyTest {
    let name: String
    let line: Int
    let policy: Policy
    let interval: Duration
    let start: Timestamp
    let series: [SeriesName: WrittenSeries]
    let knobs: [String: KnobValue]
    /// In order of time.
    var changes: [Change] = []
    /// In order of time.
    var expectations: [Expectation] = []

    struct Change {
        let at: Duration
        let trigger: String
        let reason: TriggerState.Cooldown.Reason
    }

    struct Expectation {
        let at: Duration
        let place: Place
        var triggers: [ExpectedState] = []
        /// `nil` where recommendations are not looked at.
        var recommends: [ExpectedChange]?
        var recommendsPlace: Place?
    }

    struct ExpectedState {
        let name: String
        let label: String
        let place: Place
    }

    struct ExpectedChange {
        let knob: String
        let value: KnobValue?
        let direction: RecommendedChange.Direction?
    }

    init(
        name: String, line: Int, policy: Policy, interval: Duration, start: Timestamp, series: [SeriesName: WrittenSeries],
        knobs: [String: KnobValue]
    ) {
        self.name = name
        self.line = line
        self.policy = policy
        self.interval = interval
        self.start = start
        self.series = series
        self.knobs = knobs
    }

    /// Evaluates at every interval and at every moment something is expected, and compares.
    func run(decider: (any PolicyTestDecider)?) -> PolicyTestReport.Result {
        var result = PolicyTestReport.Result(name: name, line: line, checks: 0, skipped: 0, failures: [])
        var states: [String: TriggerState] = [:]
        var evaluatedThrough: Duration?
        var moment = evaluate(at: .zero, &states, &evaluatedThrough)
        for expectation in expectations {
            var next = evaluatedThrough.map { nextStep(after: $0) } ?? .zero
            while next < expectation.at {
                moment = evaluate(at: next, &states, &evaluatedThrough)
                next = nextStep(after: next)
            }
            if evaluatedThrough != expectation.at { moment = evaluate(at: expectation.at, &states, &evaluatedThrough) }
            check(expectation, at: moment, decider, into: &result)
        }
        return result
    }

    private func nextStep(after time: Duration) -> Duration { interval * (Int(time / interval) + 1) }

    private func evaluate(
        at elapsed: Duration, _ states: inout [String: TriggerState], _ evaluatedThrough: inout Duration?
    ) -> PolicyTestMoment {
        let readings = PolicyTestReadings(series: series, interval: interval, elapsed: elapsed)
        let now = start.advanced(by: elapsed)
        var steps: [PolicyTestMoment.TriggerStep] = []
        for trigger in policy.triggers {
            var state = states[trigger.name] ?? TriggerState()
            for change in changes
            where change.trigger == trigger.name && change.at <= elapsed && change.at > evaluatedThrough ?? .seconds(-1) {
                state.cool(trigger, because: change.reason, at: start.advanced(by: change.at))
            }
            let evaluation = Policies.evaluate(
                trigger.condition, window: trigger.window, minSamples: trigger.minSamples,
                staleAfter: max(policy.monitor.staleAfter, interval), source: readings)
            let step = advance(trigger, state, evaluation, now: now)
            states[trigger.name] = step.state
            steps.append(.init(trigger: trigger, outcome: step.outcome, evaluation: evaluation))
        }
        evaluatedThrough = elapsed
        return PolicyTestMoment(policy: policy, time: now, elapsed: elapsed, readings: readings, knobs: knobs, triggers: steps)
    }

    private func check(
        _ expectation: Expectation, at moment: PolicyTestMoment, _ decider: (any PolicyTestDecider)?,
        into result: inout PolicyTestReport.Result
    ) {
        let time = FigureText.duration(expectation.at)
        for expected in expectation.triggers {
            result.checks += 1
            guard let step = moment.triggers.first(where: { $0.trigger.name == expected.name }), step.outcome.label != expected.label else {
                continue
            }
            result.failures.append(
                .init(
                    line: expected.place.line, column: expected.place.column,
                    message: "at \(time): trigger '\(expected.name)': expected \(expected.label), got \(words(step.outcome))",
                    reasons: step.evaluation.leaves.map { "\($0.name): \($0.explanation)" }))
        }
        guard let wanted = expectation.recommends else { return }
        guard let decider else {
            result.skipped += 1
            return
        }
        result.checks += 1
        let made = decider.recommendations(at: moment)
        guard !matches(made, wanted) else { return }
        let place = expectation.recommendsPlace ?? expectation.place
        let got = made.isEmpty ? "none" : made.map(\.description).joined(separator: ", ")
        let reasons = moment.triggers.map { "trigger '\($0.trigger.name)' is \(words($0.outcome))" }
        result.failures.append(
            .init(
                line: place.line, column: place.column,
                message:
                    "at \(time): recommendations: expected \(wanted.isEmpty ? "none" : wanted.map(words).joined(separator: ", ")), got \(got)",
                reasons: reasons))
    }

    /// The same changes in any order; what is not written of one is not compared.
    private func matches(_ made: [RecommendedChange], _ wanted: [ExpectedChange]) -> Bool {
        guard made.count == wanted.count else { return false }
        var rest = made
        for expected in wanted {
            let found = rest.firstIndex {
                $0.knob == expected.knob && (expected.value == nil || expected.value == $0.value)
                    && (expected.direction == nil || expected.direction == $0.direction)
            }
            guard let found else { return false }
            rest.remove(at: found)
        }
        return true
    }

    private func words(_ change: ExpectedChange) -> String {
        "\(change.knob)\(change.direction.map { " " + $0.rawValue } ?? "")\(change.value.map { " to \($0)" } ?? "")"
    }

    private func words(_ outcome: TriggerOutcome) -> String {
        switch outcome {
        case .inactive, .unknown, .firing: outcome.label
        case .pending(let since, let remaining):
            "pending since \(FigureText.duration(since.since(start).duration)), \(FigureText.duration(remaining)) left"
        case .cooling(let until, let reason):
            "cooling until \(FigureText.duration(until.since(start).duration)) (\(reason == .adjusted ? "adjusted" : "rolled back"))"
        }
    }
}
