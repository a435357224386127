import ArgumentParser
import Foundation
import Kubernetes

/// Which cluster, and as whom.
struct ClusterOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The kubeconfig; by default $KUBECONFIG, ~/.kube/config, or the pod's service account.", valueName: "file"),
        completion: .file())
    var kubeconfig: String?

    @Option(help: ArgumentHelp("Which context of the kubeconfig; the current one unless told.", valueName: "name"))
    var context: String?

    func access() throws -> ClusterAccess {
        var environment = ProcessInfo.processInfo.environment
        if let kubeconfig { environment["KUBECONFIG"] = kubeconfig }
        return try ClusterAccess.found(environment: environment, context: context)
    }
}
