import Measurements
import Policies
import TestSupport
import Testing

@testable import PolicyFiles

@Suite struct PolicyTestTests {
    @Test(
        "series expand as promtool's do",
        arguments: [
            ("1 2 3", SeriesUnit.number, [SeriesPoint.value(1), .value(2), .value(3)]),
            ("0+10x3", .number, [0, 10, 20, 30].map { .value($0) }),
            ("100-50x2", .number, [100, 50, 0].map { .value($0) }), ("-2+4x2", .number, [-2, 2, 6].map { .value($0) }),
            ("1x4", .number, Array(repeating: .value(1), count: 5)), ("_x3", .number, [.gap, .gap, .gap]),
            ("1 _ NaN stale", .number, [.value(1), .gap, .notFinite, .stale]), ("NaNx1", .number, [.notFinite, .notFinite]),
            ("400ms+20ms x 2", .latency, [0.4, 0.42, 0.44].map { .value($0) }), ("5% 0.5", .ratio, [.value(0.05), .value(0.5)]),
            ("600/m 10", .rate, [.value(10), .value(10)]), ("1e-3+1e-3x1", .number, [.value(0.001), .value(0.002)]), ("", .number, []),
        ])
    func notation(text: String, unit: SeriesUnit, points: [SeriesPoint]) throws {
        #expect(try SeriesNotation.points(text, unit: unit) == points)
    }

    @Test(
        "series that cannot be read are refused",
        arguments: ["1x", "1x0", "1x99999999", "a", "1+1", "1+ax3", "stalex3", "1x20000 1", "--1", "nan", "inf"])
    func refusedNotation(text: String) {
        #expect(throws: Refusal.self) { try SeriesNotation.points(text, unit: .number) }
    }

    @Test("a gap ages, NaN is not finite, stale ends, and before the first value there is nothing")
    func readings() throws {
        let series = WrittenSeries(points: [.gap, .value(2), .gap, .gap, .notFinite, .stale], samples: 7)
        func reading(_ seconds: Int) -> Reading {
            PolicyTestReadings(
                series: [SeriesName(query: .queueDepth, window: nil): series], interval: .seconds(10), elapsed: .seconds(seconds)
            ).reading(.queueDepth, over: .seconds(300))
        }
        #expect(reading(0) == .unknown(.missing))
        #expect(reading(15) == .value(.init(2, samples: 7, age: .seconds(5))))
        #expect(reading(35) == .value(.init(2, samples: 7, age: .seconds(25))))
        #expect(reading(40) == .unknown(.notFinite(count: 1)))
        #expect(reading(999) == .unknown(.stale(age: .seconds(949))))
    }

    /// Recommends one replica more while any trigger fires.
    struct OneMore: PolicyTestDecider {
        func recommendations(at moment: PolicyTestMoment) -> [RecommendedChange] {
            guard moment.triggers.contains(where: \.outcome.isFiring), case .integer(let replicas) = moment.knobs["replicas"] else {
                return []
            }
            return [RecommendedChange(knob: "replicas", value: .integer(replicas + 1), direction: .up)]
        }
    }

    func report(_ name: String, decider: (any PolicyTestDecider)? = nil) throws -> PolicyTestReport {
        let file = "Tests/PolicyFilesTests/Files/\(name)"
        return runPolicyTests(Array(try RepositoryFiles.text(file).utf8), file: file, decider: decider) {
            Array(try RepositoryFiles.text($0).utf8)
        }
    }

    @Test("a failure says what was expected, what was there and why, with its place")
    func failing() throws {
        let report = try report("failing.test.yaml", decider: OneMore())
        #expect(!report.isPassed)
        try expectGolden(report.text, "failing-tests.txt")
    }

    @Test("without somebody who decides, recommendations are skipped and the report says so")
    func skipped() throws {
        let report = try report("failing.test.yaml")
        #expect(report.results.map(\.skipped) == [2, 1])
        #expect(report.text.contains("pass  expects what is so (0 checks, 1 skipped: nothing here decides on recommendations)"))
    }

    @Test("a test file with mistakes is not run; all mistakes are shown at once")
    func broken() throws {
        let report = try report("broken.test.yaml")
        #expect(report.results.isEmpty && !report.isPassed)
        let good = try RepositoryFiles.text("Tests/PolicyFilesTests/Files/broken.test.yaml").replacing(
            "interval: 30\n", with: "interval: 30s\n"
        )
        .replacing("fired", with: "firing").replacing(", {at: 1m}]", with: ", {at: 1m, recommends: []}]")
        let second = runPolicyTests(Array(good.utf8), file: "Tests/PolicyFilesTests/Files/broken.test.yaml") {
            Array(try RepositoryFiles.text($0).utf8)
        }
        try expectGolden(report.text + second.text, "broken-tests.txt")
    }

    @Test("a policy that is missing or broken is a problem of its own")
    func missingPolicy() throws {
        let text = "policies: [a.yaml]\ntests: [{name: n, expect: [{at: 1m, recommends: []}]}]"
        let missing = runPolicyTests(Array(text.utf8), file: "dir/t.yaml") { throw Missing(path: $0) }
        #expect(
            missing.problems.hasPrefix("dir/t.yaml:1:12: error: cannot read the policy file 'dir/a.yaml': Missing(path: \"dir/a.yaml\")"))
        let broken = runPolicyTests(Array(text.utf8), file: "t.yaml") { _ in Array("kind: x".utf8) }
        #expect(broken.problems.contains("a.yaml:1:7: error: 'kind': unknown value 'x'"))
        #expect(!broken.isPassed && broken.text.hasSuffix("t.yaml: not run\n"))
    }

    struct Missing: Error {
        let path: String
    }
}
