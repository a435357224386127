import Policies
import Testing

@testable import Kubernetes

@Suite("Amounts")
struct QuantityTests {
    @Test(
        "are the same however they are written",
        arguments: [("0.5", "500m"), ("1", "1000m"), ("64Gi", "65536Mi"), ("1e3", "1k"), ("2E", "2e18"), ("0.1", "100m"), ("-1", "-1000m")])
    func same(one: String, other: String) throws {
        #expect(try #require(Quantity(one)) == #require(Quantity(other)))
    }

    @Test("differ where they differ", arguments: [("1", "1k"), ("1Gi", "1G"), ("500m", "501m"), ("0", "1n")])
    func different(one: String, other: String) throws {
        #expect(try #require(Quantity(one)) != #require(Quantity(other)))
    }

    @Test("are not every text", arguments: ["", "m", "Gi", "much", "1 Gi", "0x10", "inf", "nan", "1GiB", "--1"])
    func noAmount(text: String) { #expect(Quantity(text) == nil) }

    @Test("that the API server rewrote are read as the listed value")
    func reading() {
        let place = Knob.Place.resource(container: "vllm", resource: "cpu")
        let listed = Knob(place, values: [.number(0.5), .integer(1), .text("64Gi")])
        #expect(listed.value(reading: "500m") == .number(0.5))
        #expect(listed.value(reading: "1000m") == .integer(1))
        #expect(listed.value(reading: "65536Mi") == .text("64Gi"))
        #expect(listed.value(reading: "250m") == .text("250m"))
        #expect(
            Knob(name: "k", domain: .range(min: 1, max: 8, step: 1), place: place, role: .other).value(reading: "2k") == .integer(2_000))
        #expect(Knob(.environment(container: "vllm", name: "A"), values: [.integer(1)]).value(reading: "1000m") == .text("1000m"))
    }
}
