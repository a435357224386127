public import Learning
public import Policies
public import Verification

extension VerificationPlan {
    /// The plan under a policy for a change that is to do what a prediction says.
    /// - Parameter prediction: `nil` where nobody predicted anything: then the change is only not to do harm.
    public init(_ policy: Policy, prediction: PredictedEffect? = nil) {
        self.init(policy.verify, objective: policy.objective, aim: prediction.map(Self.aim) ?? .holdLatency)
        // A policy that looks more often than every 15 s wants its answers sooner.
        blockLength = min(blockLength, max(policy.monitor.interval, .seconds(1)))
    }
}

extension VerificationFinding {
    /// What was decided; `nil` while watching.
    public var verdict: Verdict? {
        if case .decided(let verdict, _) = state { verdict } else { nil }
    }

    /// The effect on the metric that has the clearest one, for the learner.
    var clearestEffect: MeasuredEffect? {
        let measured = ComparedMetric.allCases.compactMap { metric -> MeasuredEffect? in
            guard let finding = self[metric], let effect = finding.effect, let interval = finding.interval else { return nil }
            return MeasuredEffect(
                logRatio: effect.logRatio, standardError: effect.deviation, lower: interval.lowerBound, upper: interval.upperBound)
        }
        return measured.min { $0.standardError < $1.standardError }
    }
}
