import TestSupport
import Testing

@testable import Kubernetes

@Suite("credential plugins that do not end")
struct ExecPluginTests {
    @Test("one that hangs is stopped with all it started, and its time limit is told")
    func hanging() async throws {
        let folder = try TemporaryFolder()
        let script = try folder.write("plugin", "#!/bin/sh\nsleep 600 &\nsleep 600\n", isExecutable: true)
        var plugin = ExecPlugin(command: script, apiVersion: "client.authentication.k8s.io/v1", place: "user 'u'")
        plugin.timeLimit = .milliseconds(100)
        guard case .failure(let error) = await plugin.run() else {
            Issue.record("expected an error")
            return
        }
        #expect(error.description.contains("it did not end within 0.1 seconds"), "\(error)")
    }
}
