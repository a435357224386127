import Learning
import Testing

@Suite struct PropensitiesTests {
    @Test("what was drawn has the probability it was drawn with")
    func chosen() throws {
        let propensities = try Propensities(chosen: "noop", distribution: ["noop": 0.1, "replicas+1": 0.9])
        #expect(propensities.probability == 0.1)
        #expect(try Propensities(chosen: "noop", distribution: ["noop": 1]).probability == 1)
    }

    @Test(
        "probabilities nobody can have drawn from are refused, with the reason",
        arguments: [
            (["noop": 0.0, "a": 1], "chosen action 'noop' has propensity 0"), (["a": 1], "chosen action 'noop' has propensity 0"),
            (["noop": 0.5, "a": 0.4], "sum to 0.9"), (["noop": .nan, "a": 0.4], "'noop' is nan"),
            (["noop": 1.5, "a": -0.5], "'a' is -0.5"), ([:], "sum to 0"),
        ] as [([String: Double], String)])
    func refused(_ distribution: [String: Double], _ reason: String) {
        let error = #expect(throws: PropensityError.self) { _ = try Propensities(chosen: "noop", distribution: distribution) }
        #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
    }
}
