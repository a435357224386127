import FoundationEssentials
import Learning
import Measurements
import Policies
import Statistics
import Verification

extension PolicyLoop {
    /// Where a change begins.
    enum Beginning {
        case everywhere
        case first(CanaryTrial)
        case refused(ActingRefusal)
        /// The target does not take it so: not now, and not for a while.
        case infeasible(ActingRefusal, why: String)
    }

    // MARK: Beginning

    /// Whether a new adjustment is tried on a part of the replicas first. Looks at the target and changes nothing.
    /// - Parameter isUrgent: The objective is missed by so much that a comparison beforehand would take too long.
    func planTrial(of new: Adjustment, isUrgent: Bool, _ look: Look) async -> Beginning {
        // What is tuned is never tried on everybody.
        let use = new.kind == .tuned ? .always : policy.verify.canary ?? .auto
        guard use != .never, new.kind != .holdout, new.knob.role != .replicas else { return .everywhere }
        guard use == .always || !isUrgent else { return .everywhere }
        guard let canary = ports.canary else {
            return use == .always ? .refused(.noCanary("its target has no replicas that could be changed apart")) : .everywhere
        }
        switch await trial(of: new, at: look.now, canary) {
        case .success(let trial): return .first(trial)
        case .failure(let obstacle):
            if obstacle.mayPass { return .refused(.targetUnseen(obstacle.why)) }
            guard use == .auto else {
                return obstacle.isOfChange
                    ? .infeasible(.noCanary(obstacle.why), why: obstacle.why) : .refused(.noCanary(obstacle.why))
            }
            tell(
                .canaryRefused, "\(new.knob.name) is changed in all replicas at once: \(obstacle.why)", cause: obstacle.why,
                adjustment: new.id, at: look.now)
            return .everywhere
        }
    }

    private struct Obstacle: Error {
        let why: String
        /// The next look may find it otherwise.
        var mayPass = false
        /// It is this change that the target does not take so; it may take another.
        var isOfChange = false

        init(_ why: String) { self.why = why }

        init(_ error: AdjusterError) {
            why = error.explanation
            if case .refused = error { isOfChange = true } else { mayPass = true }
        }
    }

    private func trial(of new: Adjustment, at now: Timestamp, _ canary: CanaryPorts) async -> Result<CanaryTrial, Obstacle> {
        if let obstacle = canary.meter.obstacle { return .failure(Obstacle(obstacle)) }
        do throws(AdjusterError) {
            let status = try await canary.target.status()
            if !status.isGone { sawNoCanary = nil }
            let ready = status.rest.count(where: \.isReady)
            guard let pods = CanaryOrder.podsPerGroup(of: ready) else {
                return .failure(
                    Obstacle("two groups beside a rest take \(CanaryOrder.fewestReplicas) ready replicas, and there are \(ready)"))
            }
            let forecast = forecast(new, readyReplicas: ready, canary.meter)
            if let refusal = forecast.refusal { return .failure(Obstacle(refusal.explanation)) }
            guard let term = ports.leadership.term() else { return .failure(Obstacle(.fenced("another controller leads"))) }
            try await canary.target.rehearse(CanaryOrder(change: ChangeOrder(new, .forward, fence: term), podsPerGroup: pods))
            var plan = canaryPlan(new).fitted(to: forecast)
            let length = plan.canaryTerms.bucketLength.rounded(up: policy.monitor.interval)
            let preperiod = max(plan.canaryTerms.preperiod, length * Self.fewestBucketsAlike)
            plan.canary?.bucketLength = length
            plan.canary?.preperiod = preperiod
            return .success(
                CanaryTrial(
                    podsPerGroup: pods, replicas: ready, plan: plan, forecast: forecast, terms: new.kind == .tuned ? .tuning : .usual))
        } catch {
            return .failure(Obstacle(error))
        }
    }

    /// Blocks and windows of a policy are about the whole target; a canary has a time of its own.
    private func canaryPlan(_ new: Adjustment) -> VerificationPlan {
        var plan = new.terms.verification
        plan.timeLimit = Policy.longestComparison
        return plan
    }

    /// Looks that are far apart make long buckets; fewer of them tell nothing of how the groups differ anyhow.
    private static let fewestBucketsAlike = 12

    /// How long it will take, under the requests of late, to find what is expected of the change.
    private func forecast(_ new: Adjustment, readyReplicas: Int, _ meter: any CanaryMeter) -> CanaryForecast {
        let plan = canaryPlan(new)
        let seconds = new.before.reduce(0.0) { $0 + $1.length.inSeconds }
        let requests = Double(new.before.reduce(0) { $0 + $1.requests })
        // A change that is to lower nothing is tried for the harm it may do.
        var (metric, effect) = plan.aim.metric.map { ($0, -Self.usualEffect) } ?? (.timePerOutputToken, Self.usualEffect)
        // A tuned objective is judged by all its metrics, of which the first token's is the noisiest.
        if let hoped = new.tuning?.hopedEffect, new.kind == .tuned { (metric, effect) = (.timeToFirstToken, hoped) }
        return plan.forecast(
            CanaryQuestion(
                metric, effect: effect, readyReplicas: readyReplicas, requestsPerSecond: seconds > 0 ? requests / seconds : 0,
                countsArrivals: meter.countsArrivals))
    }

    /// A log ratio, of 16 %: predictions are wide, and what is told beforehand is not to depend on them.
    private static let usualEffect = 0.15

    // MARK: Going on

    /// What there is of an adjustment's canary; `nil` where it has none, or none yet.
    func lookAtCanary(of open: Adjustment, at now: Timestamp) async -> AdjustmentView.CanarySight? {
        guard let trial = open.trial, trial.isUnderWay(in: open.state) else { return nil }
        guard let canary = ports.canary else { return .unseen("its target has no replicas that could be changed apart") }
        do throws(AdjusterError) {
            let status = try await canary.target.status(of: ChangeOrder(open, .forward, fence: .unfenced))
            guard let since = trial.measuredUntil, trial.isMeasured(in: open.state) else { return .seen(status, []) }
            let look = CanaryLook(
                experiment: open.id, now: now, status: status, bucketLength: trial.plan.canaryTerms.bucketLength, since: since,
                deadline: min(policy.monitor.interval, .seconds(10)))
            return .seen(status, await canary.meter.buckets(look))
        } catch {
            return .unseen(error.explanation)
        }
    }

    func carryOut(_ action: CanaryAction, of adjustment: Adjustment, fence: FencingToken) async throws(AdjusterError) {
        guard let canary = ports.canary, let trial = adjustment.trial else { return }
        sawNoCanary = nil
        let order = CanaryOrder(change: ChangeOrder(adjustment, .forward, fence: fence), podsPerGroup: trial.podsPerGroup)
        switch action {
        case .prepare: try await canary.target.prepare(order)
        case .apply: try await canary.target.apply(order)
        case .promote: try await canary.target.promote(order)
        case .remove: try await canary.target.remove(adjustment.id, of: order.change, fence: fence)
        }
    }

    private static let strayInterval = Duration.seconds(600)

    /// Takes away the groups of a trial that this store does not know, or knows to be over: a lost store, or a request that came late.
    /// - Returns: Whether the target bears none, as far as is known.
    func removeStrayCanary(_ look: Look) async throws(JournalFailure) -> Bool {
        guard policy.mode != .recommend, look.observation != nil, let canary = ports.canary, let term = ports.leadership.term() else {
            return true
        }
        // A leader before may have made some, and a request that was thought lost may have come late.
        if let seen = sawNoCanary, seen.term == term, (.zero..<Self.strayInterval).contains(look.now.since(seen.time).duration) {
            return true
        }
        let status: CanaryStatus
        do throws(AdjusterError) {
            status = try await canary.target.status()
        } catch .refused {
            return true  // Who may not look cannot have made one.
        } catch {
            tellOfStray(error, look)
            return false
        }
        guard !status.isGone else {
            (sawNoCanary, strayCanarySince) = ((term, look.now), nil)
            return true
        }
        if let mark = status.mark, mark.policy != policy.name { return true }
        do throws(AdjusterError) {
            try await canary.target.remove(nil, fence: term)
            tellOfStray(nil, look)
        } catch {
            tellOfStray(error, look)
        }
        return false
    }

    /// - Parameter failure: `nil` where it was told to go; that may take its time.
    private func tellOfStray(_ failure: AdjusterError?, _ look: Look) {
        let since = strayCanarySince ?? look.now
        strayCanarySince = since
        switch failure {
        case .refused(let why)?:
            tell(.canaryLeft, "nothing new is begun: \(why)", cause: why, at: look.now)
        case let failure?:
            tell(
                .targetUnreachable, "a canary that nobody knows of may be left: \(failure.explanation)",
                cause: "stray canary: \(failure.explanation)", at: look.now)
        case nil:
            let length = look.now.since(since).duration
            guard length >= Self.strayPatience else { return }
            tell(
                .canaryLeft, "a canary that nobody knows of has not gone in \(FigureText.duration(length)), and nothing new is begun",
                cause: "stray canary", at: look.now)
        }
    }

    private static let strayPatience = Duration.seconds(600)
}

extension CanaryTrial {
    /// Whether what the groups do is of interest.
    fileprivate func isMeasured(in state: AdjustmentState) -> Bool {
        switch state {
        case .comparing, .applying, .settling, .observing: true
        default: false
        }
    }
}

extension CanaryForecast.Refusal {
    /// A clause.
    var explanation: String {
        switch self {
        case .tooFewReplicas(let count): "two groups of at most a quarter each take four ready replicas, and there are \(count)"
        case .tooFewRequests(let rate): "each group would get \(FigureText.number(rate)) requests a second, and 0.05 is the least"
        case .withinMargin: "what could be found is within what is tolerated"
        case .tooLong(let limit): "it would take more than \(FigureText.duration(limit)) to find an effect of 16 %"
        }
    }
}

extension Duration {
    /// The smallest multiple of another duration, above zero, that is not less.
    fileprivate func rounded(up step: Duration) -> Duration {
        guard step > .zero else { return self }
        return step * max(1, Int((inSeconds / step.inSeconds - 1e-9).rounded(.up)))
    }
}
