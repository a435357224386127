import Measurements
import Policies
import Statistics
import Testing

@Suite struct ConditionEvaluationTests {
    let ttft = MetricQuery.latency(.timeToFirstToken, .percentile(.p95))

    func ask(_ condition: Condition, _ source: FixedReadings, minSamples: Int = 30) -> ConditionEvaluation {
        evaluate(condition, window: .seconds(300), minSamples: minSamples, staleAfter: .seconds(45), source: source)
    }

    func answer(_ reading: Reading, above threshold: Double = 0.5, minSamples: Int = 30) -> LeafEvaluation {
        ask(.compare(ttft, .above, threshold), FixedReadings(answers: [ttft: reading]), minSamples: minSamples).leaves[0]
    }

    static func value(_ value: Double, samples: Int? = 100, age: Duration = .zero, lower: Double?, upper: Double?) -> Reading {
        var reading = Reading.Value(value, samples: samples, age: age)
        reading.lower = lower
        reading.upper = upper
        return .value(reading)
    }

    @Test("and, or and not follow Kleene's tables")
    func tables() {
        let all: [KleeneTruth] = [.true, .unknown, .false]
        let rank: [KleeneTruth: Int] = [.false: 0, .unknown: 1, .true: 2]
        for left in all {
            for right in all {
                let smaller = rank[left, default: 0] < rank[right, default: 0] ? left : right
                let larger = smaller == left ? right : left
                #expect((left && right) == smaller)
                #expect((left || right) == larger)
                #expect(!(left && right) == (!left || !right))
            }
        }
    }

    @Test(
        "the threshold itself is neither above nor below it, but at least it",
        arguments: [
            (Condition.Comparison.above, 0.5, KleeneTruth.false), (.above, 0.500_1, .true), (.below, 0.5, .false), (.below, 0.499, .true),
            (.atLeast, 0.5, .true), (.atLeast, 0.499, .false),
        ])
    func strictness(comparison: Condition.Comparison, value: Double, truth: KleeneTruth) {
        let source = FixedReadings(answers: [ttft: .value(Reading.Value(value, samples: 30))])
        #expect(ask(.compare(ttft, comparison, 0.5), source).truth == truth)
    }

    @Test(
        "what is missing, stale, thin or not finite is unknown, and says why",
        arguments: [
            (Reading.unknown(.missing), "ttft p95 over 5m is unknown: no source delivers it"),
            (.unknown(.notReported("p95 of ttft")), "ttft p95 over 5m is unknown: the report does not have it (p95 of ttft)"),
            (.unknown(.notFinite(count: 3)), "ttft p95 over 5m is unknown: all 3 readings are not finite"),
            (.value(Reading.Value(.nan, samples: 100)), "ttft p95 over 5m is unknown: all 100 readings are not finite"),
            (
                .value(Reading.Value(0.8, samples: 100, age: .seconds(46))),
                "ttft p95 over 5m is unknown: the newest sample is 46 s old"
            ),
            (.value(Reading.Value(0.8, samples: 29)), "ttft p95 over 5m is unknown: 29 samples, 30 needed"),
            (
                .value(Reading.Value(0.8, samples: nil)),
                "ttft p95 over 5m is unknown: the report does not say how many samples are behind it, 30 needed"
            ),
            (
                value(0.6, lower: 0.4, upper: nil),
                "ttft p95 over 5m is unknown: readings that are not finite put it anywhere from 400 ms up, on both sides of 500 ms"
            ),
        ])
    func unknowns(reading: Reading, sentence: String) {
        let leaf = answer(reading)
        #expect(leaf.truth == .unknown)
        #expect(leaf.explanation == sentence)
    }

    @Test("bounds on one side of the threshold decide, even an open end")
    func bounds() {
        #expect(answer(Self.value(0.9, lower: 0.6, upper: nil)).truth == .true)
        #expect(answer(Self.value(0.3, lower: nil, upper: 0.5)).truth == .false)
        #expect(answer(Self.value(0.6, lower: .nan, upper: 0.7)).truth == .unknown)
    }

    @Test("a known leaf names value, threshold, window, samples and age")
    func sentences() {
        #expect(
            answer(.value(Reading.Value(0.812, samples: 1_234, age: .seconds(4)))).explanation
                == "ttft p95 812 ms > 500 ms over 5m (1 234 samples, newest 4 s old)")
        #expect(answer(.value(Reading.Value(0.500_01, samples: 40))).explanation.hasPrefix("ttft p95 just over 500 ms > 500 ms over 5m"))
        var short = Reading.Value(0.3, samples: 40)
        short.covers = .seconds(120)
        #expect(
            answer(.value(short)).explanation == "ttft p95 300 ms ≤ 500 ms over 120 s, all there is of the 5m asked for (40 samples)")
        #expect(answer(.value(Reading.Value(0.3, samples: nil)), minSamples: 1).explanation.hasSuffix("(sample count not reported)"))
    }

    @Test("minSamples counts requests; one scrape or one event is enough")
    func sampleKinds() {
        let one = Reading.value(Reading.Value(0.95, samples: 1))
        let none = Reading.value(Reading.Value(0, samples: 0))
        let source = FixedReadings(answers: [.utilization(.gpu): one, .errorRate: one, .consecutiveFailures: one, .queueDepth: none])
        #expect(ask(.compare(.utilization(.gpu), .above, 0.9), source).truth == .true)
        #expect(ask(.compare(.errorRate, .above, 0.9), source).truth == .unknown)
        #expect(ask(.compare(.consecutiveFailures, .atLeast, 3), source).truth == .false)
        #expect(ask(.compare(.queueDepth, .above, 0), source).truth == .unknown)
    }

    @Test("known leaves decide past an unknown one, and the reasons name only what is in doubt")
    func composition() {
        let known = Condition.compare(ttft, .above, 0.5)
        let missing = Condition.compare(.queueDepth, .above, 3)
        let source = FixedReadings(answers: [ttft: .value(Reading.Value(0.8, samples: 50))])
        #expect(ask(.or([missing, known]), source).truth == .true)
        #expect(ask(.and([missing, .not(known)]), source).truth == .false)
        let open = ask(.and([known, .not(missing)]), source)
        #expect(open.truth == .unknown)
        #expect(open.unknownReasons == ["queue depth over 5m is unknown: no source delivers it"])
        #expect(open.leaves.map(\.truth) == [.true, .unknown])
        #expect(ask(.and([]), source).truth == .true)
        #expect(ask(.or([]), source).truth == .false)
    }

    @Test("a burn rate must exceed its factor over both windows")
    func burnRate() {
        func truth(short: Double, long: Double?) -> KleeneTruth {
            var source = FixedReadings()
            source.windowed[.seconds(300)] = [.burnRate: .value(Reading.Value(short, samples: 100))]
            if let long { source.windowed[.seconds(3_600)] = [.burnRate: .value(Reading.Value(long, samples: 100))] }
            let test = Condition.Test.burnRate(short: .seconds(300), long: .seconds(3_600), factor: 14.4)
            return ask(.leaf(Condition.Leaf(name: "burnRateAbove", test: test)), source).truth
        }
        #expect(truth(short: 20, long: 15) == .true)
        #expect(truth(short: 20, long: 3) == .false)
        #expect(truth(short: 20, long: nil) == .unknown)
        #expect(truth(short: 1, long: nil) == .false)
    }

    @Test(
        "figures are rounded to what people read",
        arguments: [
            (0.0, "0"), (1_234_567.4, "1 234 567"), (0.05, "0.05"), (12.345, "12.3"), (-0.001_234_5, "-0.00123"), (99.96, "100"),
            (.infinity, "infinity"), (1e300, "1e+300"),
        ])
    func numbers(value: Double, text: String) {
        #expect(FigureText.number(value) == text)
    }

    @Test(
        "durations are written as in policy files",
        arguments: [(Duration.seconds(5_400), "1h30m"), (.milliseconds(500), "500ms"), (.zero, "0s"), (.seconds(-90), "-1m30s")])
    func durations(duration: Duration, text: String) {
        #expect(FigureText.duration(duration) == text)
    }
}
