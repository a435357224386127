import Policies
import Testing

@testable import Learning

@Suite struct CandidateTests {
    static func knob(_ domain: Knob.Domain) -> Knob { Knob(name: "k", domain: domain, place: .replicas, role: .other) }

    static func reach(_ domain: Knob.Domain, from value: KnobValue) -> [String] {
        knob(domain).neighbours(of: value).map { step, outcome in
            switch outcome {
            case .success(let candidate): "\(step): \(candidate.to)"
            case .failure(let error): "\(step): \(error.reason)"
            }
        }
    }

    @Test("offers the next value down and up within the bounds")
    func neighbours() {
        let range = Knob.Domain.range(min: 1, max: 8, step: 2)
        #expect(Self.reach(range, from: .integer(3)) == ["-1: 1", "1: 5"])
        #expect(Self.reach(range, from: .integer(7)) == ["-1: 5", "1: 8"])
        #expect(Self.reach(range, from: .integer(8))[1] == "1: atLimit(8)")
        #expect(Self.reach(range, from: .integer(1))[0] == "-1: atLimit(1)")
    }

    @Test("leads a value outside of the bounds back to the nearest bound only")
    func outside() {
        let range = Knob.Domain.range(min: 2, max: 8, step: 1)
        #expect(Self.reach(range, from: .integer(1)) == ["-1: outsideDomain(1)", "1: 2"])
        #expect(Self.reach(range, from: .integer(20)) == ["-1: 8", "1: outsideDomain(20)"])
        #expect(Self.reach(range, from: .text("x")) == ["-1: outsideDomain(x)", "1: outsideDomain(x)"])
    }

    @Test("walks listed values in their order and takes 8 and 8.0 for one value")
    func listed() {
        let values = Knob.Domain.values([.integer(32), .integer(64), .integer(128)])
        #expect(Self.reach(values, from: .number(64)) == ["-1: 32", "1: 128"])
        #expect(
            Self.reach(.values([.integer(4), .integer(2), .integer(1)]), from: .integer(2)) == ["-1: 1", "1: 4"],
            "numbers have their own order")
        #expect(Self.reach(.values([.text("b"), .text("a")]), from: .text("b"))[1] == "1: a")
        #expect(Self.reach(values, from: .integer(48)) == ["-1: outsideDomain(48)", "1: outsideDomain(48)"])
    }

    @Test("an inverse undoes")
    func inverse() {
        let change = Candidate(knob: "k", role: .replicas, from: .integer(2), to: .integer(3), step: 1)
        #expect(change.inverse.inverse == change)
        #expect(change.inverse.to == .integer(2) && change.inverse.step == -1)
        #expect(change.ratio == 1.5)
    }
}
