import Measurements
import Testing

@testable import LatencyLens

@Suite("Host pressure")
struct HostPressureTests {
    private typealias Reading = HostPressureMeter.Reading

    @Test("shares are those between two readings")
    func shares() throws {
        let before = try #require(Reading(stat: "cpu  100 0 100 700 100 0 0 0 0 0\ncpu0 1 2 3 4", pressure: "some avg10=0.00 total=1000\n"))
        let after = try #require(
            Reading(stat: "cpu  150 0 120 710 105 0 5 10 9 9\n", pressure: "some avg10=1.00 total=251000\nfull total=9\n"))
        let pressure = Reading.pressure(from: before, to: after, over: Nanoseconds(seconds: 1))
        #expect(pressure.stolen == 0.1 && pressure.busy == 0.85 && pressure.cpuStalled == 0.25)
    }

    @Test("what the kernel does not tell is not made up")
    func unknown() throws {
        #expect(Reading(stat: "", pressure: nil) == nil && Reading(stat: "cpu  1 2", pressure: nil) == nil)
        let old = try #require(Reading(stat: "cpu  1 2 3 4", pressure: nil))
        let pressure = Reading.pressure(from: old, to: old, over: Nanoseconds(seconds: 1))
        #expect(pressure == HostPressure())
        #expect(Reading.pressure(from: nil, to: old, over: Nanoseconds(1)) == HostPressure())
    }
}
