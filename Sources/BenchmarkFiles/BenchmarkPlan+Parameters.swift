internal import LoadGeneration
public import Measurements

extension BenchmarkPlan {
    /// The lengths that are asked for; `nil` where scenarios differ in them, and of prompts whose length nobody chose.
    public var parameters: TestParameters {
        func common(_ lengths: [TokenLengths?]) -> TestParameters.AskedLengths? {
            Set(lengths).count == 1 ? lengths.first?.flatMap(\.asked) : nil
        }
        return TestParameters(
            inputTokens: common(
                scenarios.map { scenario in
                    if case .lengths(let lengths) = scenario.prompts { lengths } else { nil }
                }), outputTokens: common(scenarios.map(\.outputTokens)))
    }
}

extension TokenLengths {
    fileprivate var asked: TestParameters.AskedLengths? {
        switch self {
        case .fixed(let count): .init(mean: Double(count), standardDeviation: 0, distribution: "fixed")
        case .uniform(let bounds):
            // Of the whole numbers between the bounds: √((n² − 1) / 12).
            .init(
                mean: (Double(bounds.lowerBound) + Double(bounds.upperBound)) / 2,
                standardDeviation: ((Double(bounds.count) * Double(bounds.count) - 1) / 12).squareRoot(), distribution: "uniform")
        case .normal(let mean, let deviation, _): .init(mean: mean, standardDeviation: deviation, distribution: "normal")
        case .sampled: nil
        }
    }
}
