import Control
import Kubernetes

/// Tells events to the cluster, on the policy's object.
struct ClusterEvents: Announcer {
    private let recorder: EventRecorder

    init(_ client: KubernetesClient) {
        recorder = EventRecorder(client) { error in Terminal.standardError("an event could not be written: \(error)\n") }
    }

    func run() async { await recorder.run() }

    func announce(_ event: ControlEvent) {
        let parts = event.policy.split(separator: "/", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return }  // Of every policy, or of a file's: there is no object to tell it on.
        let subject = EventNote.Subject(
            apiVersion: "llm-devops.io/v1alpha1", kind: "OptimizationPolicy", namespace: parts[0], name: parts[1])
        recorder.record(
            EventNote(event.kind.rawValue, event.message, of: subject, severity: event.kind.isWarning ? .warning : .normal))
    }
}
