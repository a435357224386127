import EngineModels
import FoundationEssentials
import Measurements
import Scaling
import Testing

@Suite("The replica planner")
struct ReplicaPlannerTests {
    private let settings = PlannerSettings(profile: .llama70BOnFourH100)

    /// A service under a rate, whose replicas start in no time and miss what a share tells.
    private struct Service {
        var time = 0.0
        var wanted = 6

        mutating func run(
            _ planner: inout ReplicaPlanner, minutes: Double, rate: (Double) -> Double, late: Double = 0.001, waiting: Int = 0,
            look: (ReplicaPlan) -> Void = { _ in }
        ) {
            let end = time + minutes * 60
            while time < end {
                time += 15
                let arrivals = Int((rate(time) * 15).rounded())
                var finished = ScalingObservation.Finished()
                finished.count = arrivals
                finished.missed = Int((Double(arrivals) * late).rounded())
                finished.inputTokens = arrivals * 1_155
                finished.outputTokens = arrivals * 211
                let load = ScalingObservation.ReplicaLoad(
                    running: 30, waiting: 0, waitingTokens: 0, cachedTokens: 0, cacheCapacity: 430_000)
                let plan = planner.plan(
                    after: ScalingObservation(
                        time: Nanoseconds(seconds: time), length: Nanoseconds(seconds: 15), arrivals: arrivals,
                        arrivedInputTokens: arrivals * 1_155, finished: finished, wanted: wanted, starting: 0, waitingAtGateway: waiting,
                        replicas: Array(repeating: load, count: wanted)))
                wanted = plan.replicas
                look(plan)
            }
        }
    }

    @Test("asks for what the demand needs with some room, and says why in a sentence")
    func steady() throws {
        var planner = ReplicaPlanner(settings)
        var service = Service()
        service.run(&planner, minutes: 60, rate: { _ in 40 })
        let plan = try #require(planner.plan)
        #expect((6...7).contains(plan.replicas) && abs(plan.demand - 40 / plan.capacity) < 0.1)
        #expect(plan.description.hasPrefix("N=\(plan.replicas) because demand 4.9 (expert "))
        #expect(plan.description.contains("head-room") && plan.description.contains("last 24 h 99.8"), "\(plan)")
        #expect(
            plan.alternatives.count == 5 && abs(plan.alternatives.reduce(0) { $0 + $1.weight } - 1) < 1e-9
                && plan.lateShareWithOneFewer > plan.lateShare)
    }

    @Test("holds replicas as long as starting them again would take, and not longer")
    func skiRental() throws {
        var planner = ReplicaPlanner(settings)
        var service = Service()
        service.run(&planner, minutes: 60, rate: { _ in 40 })
        let before = service.wanted
        var kept = 0.0
        service.run(&planner, minutes: 20, rate: { _ in 16 }) { if $0.replicas == before { kept += 15 } }
        #expect(kept >= 120 && kept < 600 && service.wanted < before, "\(kept) s of \(before)")
    }

    @Test("answers a burst at once, and requests that wait with more")
    func burst() throws {
        var planner = ReplicaPlanner(settings)
        var service = Service()
        service.run(&planner, minutes: 60, rate: { _ in 24 })
        service.run(&planner, minutes: 0.5, rate: { _ in 96 })
        #expect(service.wanted >= 11)
        var waiting = planner
        var same = service
        service.run(&planner, minutes: 0.25, rate: { _ in 24 })
        same.run(&waiting, minutes: 0.25, rate: { _ in 24 }, waiting: 3_000)
        #expect(try #require(waiting.plan).backlog > 2 && same.wanted >= service.wanted)
    }

    @Test("holds the level from before an outage for an hour, and has it back at once when the demand is")
    func outage() throws {
        var planner = ReplicaPlanner(settings)
        var service = Service()
        service.run(&planner, minutes: 90, rate: { _ in 48 })
        let before = service.wanted
        service.run(&planner, minutes: 58, rate: { _ in 0 }) { #expect($0.replicas >= before) }
        #expect(planner.plan?.reason == .outage)
        service.run(&planner, minutes: 15, rate: { _ in 0 })
        #expect(service.wanted == 1)
        service.run(&planner, minutes: 0.25, rate: { _ in 48 })
        #expect(service.wanted >= before - 1 && planner.plan?.reason == .need, "\(before), \(service.wanted)")
    }

    @Test("raises the price of late answers where too many are, and lowers it where hardly any is")
    func budget() throws {
        var planner = ReplicaPlanner(settings)
        var service = Service()
        service.run(&planner, minutes: 60, rate: { _ in 40 }, late: 0)
        let low = try #require(planner.plan).price
        #expect(low < settings.price)
        service.run(&planner, minutes: 60, rate: { _ in 40 }, late: 0.5)
        #expect(try #require(planner.plan).price > 3 * low)
    }

    @Test("keeps what it learned through a restart: as a value in JSON, the next plan is the same")
    func persistence() throws {
        var planner = ReplicaPlanner(settings)
        var service = Service()
        service.run(&planner, minutes: 120, rate: { 40 + 8 * ($0.truncatingRemainder(dividingBy: 1_200) < 600 ? 1 : -1) })
        let data = try JSONEncoder().encode(planner)
        #expect(data.count < 200_000)
        var restored = try JSONDecoder().decode(ReplicaPlanner.self, from: data)
        var same = service
        service.run(&planner, minutes: 10, rate: { _ in 40 })
        same.run(&restored, minutes: 10, rate: { _ in 40 })
        #expect(restored.plan == planner.plan)

        // After a restart the clock begins anew; what a fresh planner has yet to learn, the restored one knows.
        restored.resume(secondsIntoDay: 0)
        var again = Service()
        again.wanted = same.wanted
        again.run(&restored, minutes: 5, rate: { _ in 40 })
        #expect(again.wanted >= same.wanted - 1)
    }

    @Test("keeps the replicas that are there while nothing was seen, and takes odd observations without harm")
    func odd() throws {
        var planner = ReplicaPlanner(settings)
        var service = Service()
        service.run(&planner, minutes: 5, rate: { _ in 0 })
        #expect(service.wanted == 6 && planner.plan?.reason == .nothingSeen)
        #expect(planner.plan?.description == "N=6 because no request came yet")
        service.run(&planner, minutes: 5, rate: { _ in 0.07 })
        service.run(&planner, minutes: 0.5, rate: { _ in 100_000 })
        #expect(service.wanted > 10_000 && planner.plan?.surge ?? 0 > 0)
        service.run(&planner, minutes: 5, rate: { _ in 0 })
        #expect(service.wanted >= 1)
    }

    @Test("keeps the replicas that are there where no number of them keeps the objective")
    func unattainable() throws {
        var planner = ReplicaPlanner(PlannerSettings(profile: .llama70BOnFourH100, timePerOutputToken: Nanoseconds(milliseconds: 12)))
        var service = Service()
        service.run(&planner, minutes: 10, rate: { _ in 40 })
        #expect(service.wanted == 6 && planner.plan?.reason == .unattainable)
        #expect(planner.plan?.description.contains("no number of replicas") == true)
    }

    @Test("takes a clock that begins anew for a restart")
    func clock() throws {
        var planner = ReplicaPlanner(settings)
        var service = Service()
        service.run(&planner, minutes: 60, rate: { _ in 40 })
        let before = service.wanted
        service.time = 0
        service.run(&planner, minutes: 10, rate: { _ in 40 }) { #expect($0.replicas == before) }
    }
}
