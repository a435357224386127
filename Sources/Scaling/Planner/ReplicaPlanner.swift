public import Measurements

/// Plans how many replicas of an engine are to run so that requests are in time and no replica is idle.
///
/// Demand is counted in replicas: requests per second over what one replica serves in time. A forecast for the time when a replica that is
/// asked for now serves, and how wide such forecasts err, tells which share of requests will be late with how many replicas. So many are
/// asked for that replicas and late answers cost least together, at a price for late answers that the error budget sets. Several
/// forecasts are mixed, each with a weight by how well it did.
///
/// All that it knows is a value that can be stored: a planner that is restored goes on with ``resume(secondsIntoDay:)``.
public struct ReplicaPlanner: ReplicaScaler, Codable, Hashable {
    public let settings: PlannerSettings
    /// The last plan; `nil` before the first.
    public private(set) var plan: ReplicaPlan?

    private let service: ServiceCapacity
    private var mix = ObservedMix()
    private var forecaster: DemandForecaster
    private var budget: ErrorBudget
    private var speed = SpeedCorrection()
    private var outages = OutageMemory()
    private var recentDemand = RecentDemand(span: 120)
    private var recentPlans: RecentPlans
    private var secondsIntoDay: Double

    /// - Parameter secondsIntoDay: Time of day at time 0 of the observations; any midnight will do as long as it stays the same.
    public init(_ settings: PlannerSettings, secondsIntoDay: Double = 0) {
        self.settings = settings
        self.secondsIntoDay = secondsIntoDay
        service = ServiceCapacity(profile: settings.profile, settings: settings.engine)
        forecaster = DemandForecaster(lead: settings.coldStart.seconds, window: settings.hold, settings: settings)
        recentPlans = RecentPlans(hold: settings.hold)
        budget = ErrorBudget(price: settings.price)
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

    /// Takes a period in and plans for the time after it. Where time is not later than before, it goes on as after a restart.
    public mutating func plan(after observation: ScalingObservation) -> ReplicaPlan {
        if let plan, observation.time <= plan.time { resume(secondsIntoDay: secondsIntoDay) }
        let time = observation.time.seconds
        let length = observation.length.seconds
        guard length > 0 else { return keep(observation, .nothingSeen) }
        mix.add(observation)
        guard let mix = mix.mix else { return keep(observation, .nothingSeen) }
        speed.add(observation, service, mix)
        let limit = settings.usableShare * settings.timePerOutputToken.milliseconds / speed.slowness
        let capacity = service.rate(timePerOutputToken: limit, mix) / speed.slowness
        guard capacity > 0 else { return keep(observation, .unattainable) }
        let demand = observation.arrivalRate / capacity
        recentDemand.add(demand, time: time, length: length)
        followOutage(demand, observation)
        if outages.outage == nil { forecaster.add(demand, time: time, dayTime: secondsIntoDay + time, length: length) }

        var next = ReplicaPlan(observation, price: budget.price, reason: .need)
        next.seenDemand = recentDemand.last(60)
        next.capacity = capacity
        next.backlog = backlog(observation, capacity)
        choose(&next, present: observation.wanted)
        budget.add(
            observation.finished, time: time, length: length, isAnswered: next.need > Double(observation.ready) + 0.5, settings: settings)
        next.attainment = budget.attainment
        next.replicas = Self.count(next.need - settings.roundingTolerance)
        if let outage = outages.outage { hold(through: outage, &next) }
        recentPlans.add(next.replicas, time: time)
        holdBack(&next, observation)
        plan = next
        return next
    }

    /// As many as cost least with what would be late, and as many as there are where that is about as good.
    private func choose(_ next: inout ReplicaPlan, present: Int) {
        let outlook = forecaster.outlook(dayTime: secondsIntoDay + next.time.seconds)
        let replicas = outlook.cheapest(
            price: next.price, atMost: Self.mostReplicas, present: present, changeCost: settings.changeCost)
        next.follow(outlook, replicas: replicas)
        next.surge = max(0, recentDemand.last(2 * settings.period.seconds) - Double(replicas))
    }

    static let mostReplicas = 1_024

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
        next.replicas = isHeld ? max(outage.replicas, next.replicas) : Self.count(next.seenDemand)
        next.reason = .outage
    }

    /// Replicas that are there are given up only where that is safe and pays.
    private func holdBack(_ next: inout ReplicaPlan, _ observation: ScalingObservation) {
        guard next.replicas < observation.wanted else { return }
        let most = recentPlans.most(at: next.time.seconds) ?? observation.wanted
        if most > next.replicas {
            next.replicas = min(most, observation.wanted)
            next.reason = .recentNeed
        }
        // One replica serves one replica's worth of demand just within the limit.
        let filled = min(Self.count(next.seenDemand), observation.wanted)
        if filled > next.replicas {
            next.replicas = filled
            next.reason = .consolidation
        }
    }

    /// Whole replicas for a need, at least 1.
    private static func count(_ need: Double) -> Int { max(1, Int(min(need, 1e6).rounded(.up))) }

    private mutating func keep(_ observation: ScalingObservation, _ reason: ReplicaPlan.Reason) -> ReplicaPlan {
        var next = ReplicaPlan(observation, price: budget.price, reason: reason)
        next.replicas = max(1, observation.wanted)
        plan = next
        return next
    }
}
