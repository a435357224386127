public import Measurements

/// Plans how many replicas of an engine are to run so that requests are in time and no replica is idle.
///
/// Demand is counted in replicas: requests per second over what one replica serves in time. A forecast for the time when a replica that is
/// asked for now serves, and head-room for its errors, weighed by how many requests missed their objective, make the need. Of several
/// forecasts the one is used whose need is the least in the long run, for all are made to cover alike.
///
/// All that it knows is a value that can be stored: a planner that is restored goes on with ``resume(secondsIntoDay:)``.
public struct ReplicaPlanner: ReplicaScaler, Codable, Hashable {
    public let settings: PlannerSettings
    /// The last plan; `nil` before the first.
    public private(set) var plan: ReplicaPlan?

    private let service: ServiceCapacity
    private var mix = ObservedMix()
    private var forecaster: DemandForecaster
    private var budget = ErrorBudget()
    private var outages = OutageMemory()
    private var recentDemand = RecentDemand(span: 120)
    private var recentPlans: RecentPlans
    /// What each expert asks for in the long run.
    private var costs: [ForecastExpert: Double] = [:]
    private var secondsIntoDay: Double

    /// - Parameter secondsIntoDay: Time of day at time 0 of the observations; any midnight will do as long as it stays the same.
    public init(_ settings: PlannerSettings, secondsIntoDay: Double = 0) {
        self.settings = settings
        self.secondsIntoDay = secondsIntoDay
        service = ServiceCapacity(profile: settings.profile, settings: settings.engine)
        forecaster = DemandForecaster(lead: settings.coldStart.seconds, window: settings.hold, settings: settings)
        recentPlans = RecentPlans(hold: settings.hold)
    }

    public var name: String { "planner" }
    public var period: Nanoseconds { settings.period }

    /// After a restart: times count from 0 again, while head-room, error budget and the course of days are as they were learned.
    public mutating func resume(secondsIntoDay: Double) {
        self.secondsIntoDay = secondsIntoDay
        plan = nil
        forecaster.restart()
        budget.restart()
        outages.restart()
        recentDemand.removeAll()
        recentPlans.restart()
    }

    public mutating func replicas(after observation: ScalingObservation) -> Int { plan(after: observation).replicas }

    /// Takes a period in and plans for the time after it.
    public mutating func plan(after observation: ScalingObservation) -> ReplicaPlan {
        let time = observation.time.seconds
        let length = observation.length.seconds
        mix.add(observation)
        guard let mix = mix.mix else { return keep(observation, .nothingSeen) }
        let limit = settings.usableShare * settings.timePerOutputToken.milliseconds
        let capacity = max(service.rate(timePerOutputToken: limit, mix), 1e-3)
        let demand = observation.arrivalRate / capacity
        recentDemand.add(demand, time: time, length: length)
        followOutage(demand, observation)
        if outages.outage == nil { forecaster.add(demand, time: time, dayTime: secondsIntoDay + time, length: length) }

        var next = ReplicaPlan(
            time: observation.time, replicas: 0, reason: .need, seenDemand: recentDemand.last(60), capacity: capacity,
            forecast: nil, weight: budget.weight, backlog: backlog(observation, capacity), surge: 0, alternatives: [], attainment: nil)
        choose(&next)
        budget.add(
            observation.finished, time: time, length: length, isAnswered: next.need > Double(observation.ready) + 0.5, settings: settings)
        next.attainment = budget.attainment
        next.replicas = max(1, Int((next.need - settings.roundingTolerance).rounded(.up)))
        if let outage = outages.outage { hold(through: outage, &next) }
        recentPlans.add(next.replicas, time: time)
        holdBack(&next, observation, mix)
        plan = next
        return next
    }

    /// The expert whose need is the least in the long run.
    private mutating func choose(_ next: inout ReplicaPlan) {
        let forecasts = forecaster.forecasts(dayTime: secondsIntoDay + next.time.seconds)
        for forecast in forecasts {
            let need = forecast.demand + next.weight * forecast.headRoom
            let usual = costs[forecast.expert].map { $0 + 0.01 * (need - $0) } ?? need
            costs[forecast.expert] = usual
            next.alternatives.append(ReplicaPlan.Alternative(expert: forecast.expert, need: need, usualNeed: usual))
        }
        let best = next.alternatives.indices.min { next.alternatives[$0].usualNeed < next.alternatives[$1].usualNeed }
        next.forecast = best.map { forecasts[$0] }
        next.surge = max(0, recentDemand.last(2 * settings.period.seconds) - next.need)
    }

    /// While demand is broken off, forecasts stand still: what they learned is true again when it is back.
    private mutating func followOutage(_ demand: Double, _ observation: ScalingObservation) {
        let usual = max(forecaster.level(memory: 600), forecaster.level(memory: 1_800))
        let change = outages.update(
            last: demand, minute: recentDemand.last(60), usual: usual, replicas: observation.wanted, time: observation.time.seconds)
        switch change {
        case .began: forecaster.forgetPending()
        case .ended: forecaster.jump(to: max(demand, usual))
        case .forgotten: forecaster.jump(to: demand)
        case nil: break
        }
    }

    private func backlog(_ observation: ScalingObservation, _ capacity: Double) -> Double {
        let waiting = observation.waiting
        guard waiting > 2 * observation.ready else { return 0 }
        return Double(waiting) / capacity / max(60, settings.coldStart.seconds)
    }

    /// The replicas from before an outage are held for a while, then no more than what little demand is left needs.
    private func hold(through outage: OutageMemory.Outage, _ next: inout ReplicaPlan) {
        let isHeld = next.time.seconds - outage.began < settings.outageHold.seconds
        next.replicas = isHeld ? max(outage.replicas, next.replicas) : max(1, Int(next.seenDemand.rounded(.up)))
        next.reason = .outage
    }

    /// Replicas that are there are given up only where that is safe and pays.
    private func holdBack(_ next: inout ReplicaPlan, _ observation: ScalingObservation, _ mix: RequestMix) {
        guard next.replicas < observation.wanted else { return }
        let most = recentPlans.most(at: next.time.seconds) ?? observation.wanted
        if most > next.replicas {
            next.replicas = min(most, observation.wanted)
            next.reason = .recentNeed
        }
        while next.replicas < observation.wanted, !isFastEnough(next.replicas, next, mix) {
            next.replicas += 1
            next.reason = .consolidation
        }
    }

    /// Whether so few replicas would keep the limit under the demand of the last minute, by the model.
    private func isFastEnough(_ replicas: Int, _ next: ReplicaPlan, _ mix: RequestMix) -> Bool {
        Double(replicas) >= next.seenDemand
    }

    private mutating func keep(_ observation: ScalingObservation, _ reason: ReplicaPlan.Reason) -> ReplicaPlan {
        let next = ReplicaPlan(
            time: observation.time, replicas: max(1, observation.wanted), reason: reason, seenDemand: 0, capacity: 0, forecast: nil,
            weight: budget.weight, backlog: 0, surge: 0, alternatives: [], attainment: nil)
        plan = next
        return next
    }
}
