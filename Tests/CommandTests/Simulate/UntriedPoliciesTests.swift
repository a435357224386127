import EpisodeStore
import Measurements
import Policies
import Testing

@testable import Command

@Suite struct UntriedPoliciesTests {
    @Test("run tells once of a policy that acts by itself untried, and again when it was edited after its back-test")
    func told() throws {
        let folder = try TemporaryFolder()
        let store = folder.path("store.sqlite")
        var policy = Policy(name: "chat")
        var untried = UntriedPolicies(storePath: store)
        #expect(untried.warnings([policy]).isEmpty, "it only recommends")
        policy.mode = .auto
        #expect(untried.warnings([policy]).count == 1)
        #expect(untried.warnings([policy]).isEmpty, "told already")
        var tried = policy
        tried.name = "tried"
        let record = BackTestRecord(
            time: Timestamp(nanosecondsSinceEpoch: 1), toolVersion: "1", trace: "t", attainment: 1, gpuHours: 1, seeds: 3)
        try BackTestShelf(storePath: store).keep(record, of: tried)
        #expect(untried.warnings([policy, tried]).isEmpty)
        tried.verify.minSamples += 1
        let warnings = untried.warnings([policy, tried])
        #expect(warnings.count == 1 && warnings.allSatisfy { $0.contains("'tried'") && $0.contains("simulate") })
        tried.suspend = true
        #expect(untried.warnings([tried]).isEmpty)
    }
}
