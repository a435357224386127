import Foundation
import Testing

@Suite("The policies of the repository") struct ShippedPoliciesTests {
    @Test("pass their own tests, recommendations included")
    func pass() throws {
        let folder = CommandLineRun.repository.appending(path: "policies").path()
        let files = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".test.yaml") }.sorted()
        let run = try CommandLineRun(["test"] + files.map { "policies/\($0)" })
        #expect(run.status == 0 && files.count >= 11, "\(run.output) \(run.errors)")
    }
}
