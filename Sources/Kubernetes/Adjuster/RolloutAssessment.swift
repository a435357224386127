public import Control
public import Documents

/// Reads from a workload and its pods how far the workload has got with taking up its settings.
///
/// A number that is zero is absent in what the API server sends, so an absent one is read as 0.
public struct RolloutAssessment: Sendable {
    private let object: DocumentValue
    private let pods: [DocumentValue]

    /// - Parameters:
    ///   - object: A Deployment, a StatefulSet, or another object with conditions.
    ///   - pods: Those that its selector finds, of old templates too.
    public init(_ object: DocumentValue, pods: [DocumentValue]) {
        self.object = object
        self.pods = pods
    }

    public var rollout: TargetObservation.Rollout {
        if let seen = object.integer("status", "observedGeneration"), let wanted = object.integer("metadata", "generation"), seen < wanted {
            return .progressing("the controller of \(title) has seen generation \(seen) of \(wanted)")
        }
        switch object.text("kind") {
        case "Deployment": return deployment
        case "StatefulSet": return statefulSet
        default: return podTrouble(among: pods) ?? conditions
        }
    }

    /// Pods that serve, as the status tells; `nil` where no controller has told of any yet.
    public var readyReplicas: Int? {
        guard let told = object.integer("status", "readyReplicas") else {
            return object.integer("status", "observedGeneration") == nil ? nil : 0
        }
        return Int(exactly: told)
    }

    private var title: String { object.objectTitle }
    private var wanted: Int64 { object.integer("spec", "replicas") ?? 1 }

    private func count(_ name: String) -> Int64 { object.integer("status", name) ?? 0 }

    private func condition(_ type: String) -> DocumentValue? {
        object["status"]?["conditions"]?.elements.first { $0.text("type") == type }
    }

    // MARK: Deployments

    private var deployment: TargetObservation.Rollout {
        guard object.integer("status", "observedGeneration") != nil else { return .progressing("no controller has seen \(title) yet") }
        let isDone = count("updatedReplicas") >= wanted
        if object["spec"]?["paused"]?.boolean == true, !isDone {
            return .failed("\(title) is paused, so its pods do not take up the settings; run: kubectl rollout resume \(resource)")
        }
        if let trouble = podTrouble(among: current) { return trouble }
        if let failure = condition("ReplicaFailure"), failure.text("status") == "True" {
            return .waitingForRoom("pods cannot be made: \(failure.foreignText("message"))")
        }
        if let progressing = condition("Progressing"), progressing.text("status") == "False" {
            return .failed("\(progressing.foreignText("reason")): \(progressing.foreignText("message"))")
        }
        return counted
    }

    /// The order of `kubectl rollout status`: first all are made, then the old ones go, then the new ones become available.
    private var counted: TargetObservation.Rollout {
        let updated = count("updatedReplicas"), total = count("replicas"), available = count("availableReplicas")
        if updated < wanted { return .progressing("\(updated) of \(wanted) pods are updated") }
        if total > updated { return .progressing("\(total - updated) old pods are still there") }
        if updated > wanted { return .progressing("\(updated - wanted) pods more than \(wanted) are still there") }
        if available < wanted { return .progressing("\(available) of \(wanted) pods are available") }
        return .settled
    }

    // MARK: StatefulSets

    private var statefulSet: TargetObservation.Rollout {
        guard object.integer("status", "observedGeneration") != nil else { return .progressing("no controller has seen \(title) yet") }
        let revision = object.text("status", "updateRevision")
        let isUpdating = revision != nil && revision != object.text("status", "currentRevision")
        let updated = count("updatedReplicas")
        if isUpdating, object.text("spec", "updateStrategy", "type") == "OnDelete", updated < wanted {
            return .failed("\(title) updates pods only when they are deleted (OnDelete), so \(wanted - updated) keep the old settings")
        }
        if let trouble = podTrouble(among: current) { return trouble }
        if let stuck = stuckPod(revision) { return stuck }
        let partition = object.integer("spec", "updateStrategy", "rollingUpdate", "partition") ?? 0
        if isUpdating, updated < wanted - partition { return .progressing("\(updated) of \(wanted - partition) pods are updated") }
        if count("replicas") != wanted { return .progressing("\(count("replicas")) pods are there, \(wanted) are wanted") }
        if count("availableReplicas") < wanted { return .progressing("\(count("availableReplicas")) of \(wanted) pods are available") }
        return .settled
    }

    /// With ordered pods, one of an earlier revision that never becomes ready is waited for and not replaced.
    private func stuckPod(_ revision: String?) -> TargetObservation.Rollout? {
        guard let revision, object.text("spec", "podManagementPolicy") != "Parallel" else { return nil }
        let old = pods.filter { $0.isLiving && $0.label("controller-revision-hash").map { $0 != revision } == true }
        for pod in old {
            guard let failure = PodTrouble.failure(of: pod) else { continue }
            return .progressing(
                "\(failure), and a StatefulSet waits for it; run: kubectl delete pod \(pod.foreignText("metadata", "name"))")
        }
        return nil
    }

    // MARK: Other kinds

    /// Conditions as most controllers write them.
    private var conditions: TargetObservation.Rollout {
        for type in ["Stalled", "Failed"] {
            if let failed = condition(type), failed.text("status") == "True" {
                return .failed("\(type): \(failed.foreignText("reason")): \(failed.foreignText("message"))")
            }
        }
        if let working = condition("Reconciling"), working.text("status") == "True" {
            return .progressing("Reconciling: \(working.foreignText("message"))")
        }
        guard let ready = condition("Ready") ?? condition("Available"), ready.text("status") != "True" else { return .settled }
        return .progressing("\(ready.foreignText("type")) is \(ready.foreignText("status")): \(ready.foreignText("message"))")
    }

    // MARK: Pods

    /// The pods that run what the object says now; where it cannot be told, all of them.
    var current: [DocumentValue] {
        let living = pods.filter(\.isLiving)
        if let revision = object.text("status", "updateRevision") {
            return living.filter { $0.label("controller-revision-hash") ?? revision == revision }
        }
        guard let template = object["spec"]?["template"] else { return living }
        let fitting = living.filter { PodTemplateFit.isPod($0, of: template) }
        if !fitting.isEmpty { return fitting }
        // Pods that were changed on their way in (admission) fit no template; the controller names the newest set of them.
        let message = condition("Progressing")?.text("message") ?? ""
        return living.filter { pod in
            pod.label("pod-template-hash").map { message.contains("-\($0)\"") } ?? true
        }
    }

    private func podTrouble(among pods: [DocumentValue]) -> TargetObservation.Rollout? {
        let living = pods.filter(\.isLiving)
        if let failure = living.lazy.compactMap(PodTrouble.failure).first { return .failed(failure) }
        let homeless = living.filter { PodTrouble.unschedulable($0) != nil }
        guard let first = homeless.first, let why = PodTrouble.unschedulable(first) else { return nil }
        return .waitingForRoom("\(homeless.count) of \(living.count) pods fit on no node; \(first.foreignText("metadata", "name")): \(why)")
    }

    private var resource: String {
        "\((object.text("kind") ?? "").lowercased())/\(object.foreignText("metadata", "name")) -n \(object.foreignText("metadata", "namespace"))"
    }
}
