import Foundation
import Learning
import Verification

/// Many canaries, one question.
struct CanaryCampaign: CustomStringConvertible {
    /// Full campaigns where `CAMPAIGN=full` is set, which take minutes in a release build.
    static let isFull = ProcessInfo.processInfo.environment["CAMPAIGN"] == "full"

    static func size(_ full: Int, short: Int) -> Int { isFull ? full : short }

    private(set) var worlds = 0
    private(set) var outcomes: [Verdict: Int] = [:]
    private(set) var guards: [String: Int] = [:]
    private(set) var harmedMetric: [ComparedMetric: Int] = [:]
    private(set) var secondsToWorsened: [Double] = []
    private(set) var secondsToImproved: [Double] = []
    private(set) var requestsToWorsened: [Double] = []
    private(set) var effects: [Double] = []
    private(set) var deviations: [ComparedMetric: [Double]] = [:]

    init(worlds: Int, firstSeed: UInt64, _ plan: VerificationPlan? = nil, _ shape: (inout CanaryWorld) -> Void = { _ in }) {
        for seed in firstSeed..<firstSeed + UInt64(worlds) {
            var world = CanaryWorld(seed: seed)
            shape(&world)
            add(world.run(plan))
        }
    }

    private mutating func add(_ run: CanaryWorld.Run) {
        worlds += 1
        let finding = run.course.finding
        guard case .decided(let verdict, let reason) = finding.state else { return }
        outcomes[verdict, default: 0] += 1
        guards["\(reason)".prefix { $0 != "(" }.description, default: 0] += 1
        if case .harm(let metric) = reason { harmedMetric[metric, default: 0] += 1 }
        if verdict == .worsened {
            secondsToWorsened.append(run.seconds)
            requestsToWorsened.append(Double(run.requests))
        }
        if verdict == .improved { secondsToImproved.append(run.seconds) }
        if let effect = finding[.timePerOutputToken]?.effect { effects.append(effect.logRatio) }
        for metric in finding.metrics { deviations[metric.metric, default: []] += metric.groups.map { [$0.bucketDeviation] } ?? [] }
    }

    func count(_ verdict: Verdict) -> Int { outcomes[verdict] ?? 0 }

    /// The smallest value that so large a share does not exceed; infinite where there is none.
    static func quantile(_ values: [Double], _ share: Double) -> Double {
        values.isEmpty ? .infinity : values.sorted()[max(0, Int((share * Double(values.count)).rounded(.up)) - 1)]
    }

    var description: String {
        let mean = effects.reduce(0, +) / Double(max(1, effects.count))
        let spread = (effects.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, effects.count - 1))).squareRoot()
        func three(_ values: [Double]) -> String {
            values.isEmpty ? "none" : [0.5, 0.9, 0.99].map { "\(Int(Self.quantile(values, $0)))" }.joined(separator: "/")
        }
        let verdicts = Verdict.allCases.filter { count($0) > 0 }.map { "\($0.rawValue) \(count($0))" }.joined(separator: ", ")
        let medians = ComparedMetric.allCases.map { "\($0.rawValue) \(Self.quantile(deviations[$0] ?? [], 0.5))" }
        return "of \(worlds): \(verdicts); by \(guards.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }), harm \(harmedMetric); "
            + "seconds to worsened \(three(secondsToWorsened)) (requests \(three(requestsToWorsened))), to improved "
            + "\(three(secondsToImproved)); effect \(mean) ± \(spread); bucket deviation \(medians)"
    }
}
