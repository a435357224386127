extension ClusterState {
    /// Writes the status that the pods add up to.
    ///
    /// - Returns: Whether it differs from the one before.
    mutating func writeStatus(of deployment: JSONValue, _ key: Key, isNewTemplate: Bool = false) -> Bool {
        guard let uid = deployment["metadata", "uid"]?.text, var rollout = rollouts[uid] else { return false }
        let before = deployment
        var after = deployment
        let counts = Counts(pods(of: deployment, key).map(\.value), hash: rollout.hash)
        if counts.ready > rollout.readyBefore || counts.updated > rollout.podsBefore { rollout.lastProgress = now }
        (rollout.readyBefore, rollout.podsBefore) = (counts.ready, counts.updated)
        rollouts[uid] = rollout
        if isNewTemplate {
            let revision = Int(deployment["metadata", "annotations", "deployment.kubernetes.io/revision"]?.text ?? "0") ?? 0
            after["metadata", "annotations", "deployment.kubernetes.io/revision"] = .string("\(revision + 1)")
            setCondition(
                "Progressing", "True", "NewReplicaSetCreated", "Created new replica set \"\(key.name)-\(rollout.hash)\"", in: &after)
        } else {
            setCounts(counts, in: &after)
            setConditions(counts, rollout, key, in: &after)
        }
        ObjectDefaults.apply(to: &after, of: .deployments)
        guard after != before else { return false }
        let call = controllerCall(.deployments, key, verb: .update, subresource: "status")
        let comparison = FieldComparison(from: before.ownable, to: after.ownable, semantics: .builtIn)
        var owners = ManagedFields(of: before)
        owners.update(comparison, by: manager(call, "Update"), at: now.text)
        after["metadata", "managedFields"] = owners.json
        commit(call, key, before: before, after: after)
        return true
    }

    struct Counts {
        let total: Int
        let updated: Int
        let ready: Int

        init(_ pods: [JSONValue], hash: String) {
            total = pods.count
            updated = pods.filter { $0["metadata", "labels", "pod-template-hash"]?.text == hash }.count
            ready = pods.filter(ClusterState.isReady).count
        }
    }

    private func setCounts(_ counts: Counts, in deployment: inout JSONValue) {
        let desired = Int(deployment["spec", "replicas"]?.integer ?? 1)
        deployment["status", "observedGeneration"] = deployment["metadata", "generation"]
        deployment["status", "replicas"] = .integer(Int64(counts.total))
        deployment["status", "updatedReplicas"] = .integer(Int64(counts.updated))
        deployment["status", "readyReplicas"] = .integer(Int64(counts.ready))
        deployment["status", "availableReplicas"] = .integer(Int64(counts.ready))
        deployment["status", "unavailableReplicas"] = .integer(Int64(max(0, max(desired, counts.total) - counts.ready)))
        deployment["status", "terminatingReplicas"] = 0
    }

    private func setConditions(_ counts: Counts, _ rollout: Rollout, _ key: Key, in deployment: inout JSONValue) {
        let desired = Int(deployment["spec", "replicas"]?.integer ?? 1)
        if counts.ready >= desired - unavailable(deployment, desired) {
            setCondition("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.", in: &deployment)
        } else {
            setCondition(
                "Available", "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.", in: &deployment)
        }
        let set = "ReplicaSet \"\(key.name)-\(rollout.hash)\""
        let reason = condition("Progressing", in: deployment)?["reason"]
        let isComplete = counts.total == desired && counts.updated == desired && counts.ready == desired
        if deployment["spec", "paused"] == true {
            setCondition("Progressing", "Unknown", "DeploymentPaused", "Deployment is paused", in: &deployment)
        } else if isComplete {
            setCondition("Progressing", "True", "NewReplicaSetAvailable", set + " has successfully progressed.", in: &deployment)
        } else if reason == "NewReplicaSetAvailable" {
            return  // A rollout that is complete stays so when it is scaled.
        } else if reason == "DeploymentPaused" {
            setCondition("Progressing", "Unknown", "DeploymentResumed", "Deployment is resumed", in: &deployment)
        } else if now >= rollout.lastProgress.advanced(bySeconds: deployment["spec", "progressDeadlineSeconds"]?.integer ?? 600) {
            setCondition("Progressing", "False", "ProgressDeadlineExceeded", set + " has timed out progressing.", in: &deployment)
        } else if reason != "NewReplicaSetCreated" || counts.updated > 0 {
            setCondition("Progressing", "True", "ReplicaSetUpdated", set + " is progressing.", in: &deployment)
        }
    }

    private func condition(_ type: String, in object: JSONValue) -> JSONValue? {
        object["status", "conditions"]?.elements.first { $0["type"]?.text == type }
    }

    /// A condition that says the same keeps its times; one whose status does not change keeps the time of its transition.
    private func setCondition(_ type: String, _ status: String, _ reason: String, _ message: String, in object: inout JSONValue) {
        let old = condition(type, in: object)
        if old?["status"]?.text == status && old?["reason"]?.text == reason && old?["message"]?.text == message { return }
        let transition = old?["status"]?.text == status ? old?["lastTransitionTime"] : nil
        let new: JSONValue = [
            "type": .string(type), "status": .string(status), "reason": .string(reason), "message": .string(message),
            "lastUpdateTime": .string(now.text), "lastTransitionTime": transition ?? .string(now.text),
        ]
        let others = (object["status", "conditions"]?.elements ?? []).filter { $0["type"]?.text != type }
        object["status", "conditions"] = .array(others + [new])
    }
}
