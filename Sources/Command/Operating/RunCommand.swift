import ArgumentParser
import Control
import EpisodeStore
import Foundation
import Kubernetes
import Measurements
import Policies

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "The controller: watches the targets of many policies, changes them, verifies, and undoes what harms.",
        discussion: """
            Policies are read again when their files change; one with an error keeps its last good text. SIGTERM ends it after the step under
            way; a change that is open then is finished by the next run.

              llm-auto-optimizer run --policies policies/
              llm-auto-optimizer run --policies-from-cluster --leader-election
            """)

    @Option(help: ArgumentHelp("A folder of policy files, or one file.", valueName: "folder"), completion: .directory)
    var policies: String?

    @Flag(help: "Takes policies from the cluster's OptimizationPolicy objects, of every namespace.")
    var policiesFromCluster = false

    @Flag(help: "Acts only while holding the lease llm-auto-optimizer; for several controllers of one cluster.")
    var leaderElection = false

    @Option(help: ArgumentHelp("The namespace of the lease; the pod's own unless told.", valueName: "name"))
    var leaseNamespace: String?

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var logging: LogOptions
    @OptionGroup var storing: StoreOptions

    func validate() throws {
        guard (policies != nil) != policiesFromCluster else {
            throw ValidationError("say where policies are: --policies FOLDER or --policies-from-cluster")
        }
    }

    func run() async throws {
        try await ControllerRun(self).run()
    }
}
