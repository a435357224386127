import BackTesting
import Baselines
import EngineModels
import Measurements
import Scaling
import Simulation
import Testing

@Suite("Baselines by name")
struct BaselineTests {
    private let context = BaselineContext(profile: .llama70BOnFourH100, replicaRange: 1...12)

    @Test("every one can be had by its name, and by its name with all of its options as they are by default")
    func names() throws {
        for baseline in Baseline.all {
            let plain = try Baseline.named(baseline.name, for: context)
            let text = ([baseline.name] + baseline.options.map { "\($0.name)=\($0.standard)" }).joined(separator: ":")
            #expect(try Baseline.named(text, for: context).name == plain.name)
            #expect(plain.period.count > 0 && !baseline.summary.isEmpty)
        }
        #expect(Set(Baseline.all.map(\.name)).count == Baseline.all.count)
        #expect(
            try Baseline.list("hpa:target=30:metric=requests,kpa,fixed:replicas=3", for: context).map(\.name) == [
                "HPA requests 30.0", "KPA concurrency 70.0", "fixed 3",
            ])
    }

    @Test(
        "what is wrong with a text is told with what would be right",
        arguments: [
            ("hpb", "there is no baseline 'hpb'; there are fixed, hpa, keda"),
            ("", "there is no baseline ''"),
            ("hpa:targt=40", "baseline 'hpa' has no option 'targt'; it has target, metric"),
            ("hpa:target=lots", "option 'target' of baseline 'hpa' is 'lots'; expected a number in"),
            ("hpa:target=nan", "option 'target' of baseline 'hpa' is 'nan'"),
            ("hpa:target=0", "option 'target' of baseline 'hpa' is '0'"),
            ("hpa:metric=cpu", "expected one of running, waiting, requests, cache"),
            ("hpa:target", "expected ':option=value'"),
            ("hpa:target=1:target=2", "is given twice"),
            ("keda:cached=yes", "expected true or false"),
            ("fixed:replicas=-1", "expected a whole number in 0...1024"),
            ("hpa,", "there is no baseline ''"),
            ("\u{1B}[31m" + String(repeating: "x", count: 500), "there is no baseline '?[31mxxx"),
        ])
    func errors(text: String, part: String) {
        let error = #expect(throws: BaselineError.self) { try Baseline.list(text, for: context) }
        #expect(error?.description.contains(part) == true, "\(error?.description ?? "none")")
        #expect((error?.description.utf8.count ?? 0) < 300)
    }
}

@Suite("Baselines on a simulated pool")
struct BaselineTrialTests {
    /// Twenty minutes of 70B: more and more, then less.
    private static let trial: ScalingTrial = {
        let shape = LoadShape.series(RateSeries(stepSeconds: 200, rates: [16, 20, 26, 30, 24, 16]))
        var arrivals = Arrivals(shape: shape, inputs: .constant(1_000), outputs: .constant(200), seed: 4)
        let end = Nanoseconds(seconds: 1_200)
        return ScalingTrial(
            setup: PoolSetup(
                profile: .llama70BOnFourH100, replicas: 4, coldStart: ColdStart(median: Nanoseconds(seconds: 60), deviation: 0)),
            requests: arrivals.requests(before: end), end: end, warmUp: Nanoseconds(seconds: 60), replicaRange: 1...10)
    }()

    private static func score(_ text: String) throws -> ScalingScore {
        let context = BaselineContext(profile: trial.setup.profile, settings: trial.setup.settings, replicaRange: trial.replicaRange)
        var scaler = try Baseline.named(text, for: context)
        return trial.run(&scaler)
    }

    @Test(
        "those that follow the number of requests keep up with the load",
        arguments: ["hpa:target=40", "keda:threshold=40", "kpa:concurrency=50", "aibrix:target=40", "ray:target=40", "dynamo:capacity=0.5"])
    func keepsUp(text: String) throws {
        let score = try Self.score(text)
        #expect(try #require(score.attainment) > 0.9, "\(text): \(score)")
        #expect(score.changes > 0 && score.replicaHours < 3.4)
    }

    @Test("one that looks at cache and queue alone lets the gaps grow, for the cache of such a model is never full")
    func saturation() throws {
        let score = try Self.score("wva")
        #expect(try #require(score.attainment) < 0.6, "\(score)")
        #expect(score.replicaHours < (try Self.score("hpa:target=40").replicaHours))
    }

    @Test("a planner that trusts an engine with what is just within the objectives has nothing to spare")
    func noMargin() throws {
        #expect(try #require(try Self.score("dynamo").attainment) < (try #require(try Self.score("dynamo:capacity=0.5").attainment)))
    }

    @Test(
        "the others decide something and lose no request",
        arguments: ["slo-keda", "wva-tokens", "wva-queueing:divide=1.5", "dynamo:mode=both", "dynamo-easy", "dynamo-classic", "fixed"])
    func others(text: String) throws {
        let score = try Self.score(text)
        #expect(score.arrived > 24_000 && score.replicaHours > 0.3 && score.replicaHours < 4, "\(text): \(score)")
        #expect(text == "fixed" || score.changes > 0, "\(text): \(score)")
    }
}
