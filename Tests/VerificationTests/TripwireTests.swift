import Testing
import Verification

@Suite struct TripwireTests {
    static func facts(_ change: (inout ObservationFacts) -> Void) -> Tripwire? {
        var facts = ObservationFacts()
        facts.requestsBefore = 10_000
        facts.failedBefore = 20
        change(&facts)
        return tripwire(facts)
    }

    @Test("what is not known trips nothing")
    func nothing() {
        #expect(tripwire(ObservationFacts()) == nil)
        #expect(Self.facts { $0.requests = 5_000 } == nil)
    }

    @Test("crash loops, lost memory and failed rollouts trip at once, the most certain first")
    func platform() {
        #expect(Self.facts { $0.restarts = 3 } == .crashLoop(restarts: 3))
        #expect(Self.facts { $0.restarts = 2 } == nil)
        #expect(Self.facts { $0.wasKilledForMemory = true } == .outOfMemory)
        #expect(
            Self.facts {
                $0.rolloutFailed = true
                $0.restarts = 9
            } == .rolloutFailed)
    }

    @Test(
        "failures trip above one percent or three times those before",
        arguments: [
            (20, 5, 5, true), (20, 4, 4, false), (20, 1_000, 9, false), (20, 1_000, 60, true), (500, 1_000, 60, false),
            (500, 1_000, 300, true),
        ])
    func errors(failedBefore: Int, requests: Int, failed: Int, trips: Bool) {
        let result = Self.facts {
            $0.failedBefore = failedBefore
            $0.requests = requests
            $0.failed = failed
        }
        #expect((result != nil) == trips, "\(String(describing: result))")
    }

    @Test("silence trips after 30 s of arrivals, or three times a usual request")
    func silence() {
        func silent(_ seconds: Int, arrivals: Int, usual: Int? = nil) -> Tripwire? {
            Self.facts {
                $0.sinceLastAnswer = .seconds(seconds)
                $0.arrivalsSinceLastAnswer = arrivals
                $0.usualEndToEnd = usual.map { .seconds($0) }
            }
        }
        #expect(silent(30, arrivals: 3) == .stalled(for: .seconds(30)))
        #expect(silent(29, arrivals: 90) == nil)
        #expect(silent(600, arrivals: 0) == nil)
        #expect(silent(89, arrivals: 90, usual: 30) == nil)
        #expect(silent(90, arrivals: 90, usual: 30) == .stalled(for: .seconds(90)))
    }

    @Test("preemptions trip at ten times those before")
    func preemptions() {
        func rates(_ now: Double, _ before: Double?) -> Tripwire? {
            Self.facts {
                $0.preemptionsPerSecond = now
                $0.preemptionsPerSecondBefore = before
            }
        }
        #expect(rates(2.1, 0.2) == .preemptions(perSecond: 2.1, before: 0.2))
        #expect(rates(1.9, 0.2) == nil && rates(0.09, 0) == nil && rates(50, nil) == nil && rates(.nan, 0.1) == nil)
    }
}
