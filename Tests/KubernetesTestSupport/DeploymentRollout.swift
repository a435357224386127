/// What the controller of a Deployment remembers between its steps.
struct Rollout {
    /// Of the pod template that is rolled out.
    var hash: String
    var lastProgress: FakeTime
    var readyBefore = 0
    var podsBefore = 0
}

extension ClusterState {
    func playsRollouts(_ type: ResourceType) -> Bool { ["deployments.apps", "statefulsets.apps"].contains(type.storage) }

    mutating func playRollout(after call: Call, _ key: Key) {
        guard rolloutMode == .automatic, call.number != nil, playsRollouts(call.type) else { return }
        advanceRollouts(steps: nil, only: key)
    }

    @discardableResult
    mutating func advanceRollouts(steps: Int?, only: Key?) -> Bool {
        var didChange = false
        for _ in 0..<(steps ?? 1_000) {
            var isMoving = false
            for key in objects.keys.sorted() where only == nil || only == key {
                if key.storage == "deployments.apps", stepDeployment(key) { isMoving = true }
                if key.storage == "statefulsets.apps", stepStatefulSet(key) { isMoving = true }
            }
            guard isMoving else { break }
            didChange = true
        }
        return didChange
    }

    /// One step of the deployment controller and of the kubelets below it.
    private mutating func stepDeployment(_ key: Key) -> Bool {
        guard let deployment = objects[key], let uid = deployment["metadata", "uid"]?.text else { return false }
        if deployment["metadata", "deletionTimestamp"] != nil { return finishDeletion(of: deployment, key) }
        let isPaused = deployment["spec", "paused"] == true
        let hash = Self.hash(of: deployment["spec", "template"] ?? .null)
        if rollouts[uid] == nil || (rollouts[uid]?.hash != hash && !isPaused) {
            rollouts[uid] = Rollout(hash: hash, lastProgress: now)
            return writeStatus(of: deployment, key, isNewTemplate: true)
        }
        if deployment["status", "observedGeneration"] != deployment["metadata", "generation"] {
            return writeStatus(of: deployment, key)
        }
        let didMovePods = makePodsReady(of: deployment, key) || scalePods(of: deployment, key, rollouts[uid]?.hash ?? hash)
        let didWrite = writeStatus(of: deployment, key)
        return didMovePods || didWrite
    }

    private mutating func finishDeletion(of object: JSONValue, _ key: Key) -> Bool {
        guard object["metadata", "finalizers"]?.elements == ["foregroundDeletion"] else { return false }
        for (pod, value) in pods(of: object, key) {
            commit(controllerCall(.pods, pod, verb: .delete), pod, before: value, after: nil)
        }
        commit(controllerCall(.deployments, key, verb: .delete), key, before: object, after: nil)
        return true
    }

    func pods(of owner: JSONValue, _ key: Key) -> [(key: Key, value: JSONValue)] {
        objects.filter { pod, value in
            pod.storage == "pods" && pod.namespace == key.namespace
                && value["metadata", "ownerReferences"]?.elements.contains { $0["uid"] == owner["metadata", "uid"] } == true
        }.sorted { $0.key < $1.key }
    }

    static func isReady(_ pod: JSONValue) -> Bool {
        pod["status", "conditions"]?.elements.contains { $0["type"] == "Ready" && $0["status"] == "True" } == true
    }

    private func isOf(_ hash: String, _ pod: JSONValue) -> Bool { pod["metadata", "labels", "pod-template-hash"]?.text == hash }

    mutating func makePodsReady(of owner: JSONValue, _ key: Key) -> Bool {
        let waiting = pods(of: owner, key).filter {
            $0.value["metadata", "annotations", "fake/behaviour"] == "ready" && !Self.isReady($0.value)
        }
        for (pod, value) in waiting {
            var ready = value
            ready["status"] = PodBehaviour.ready.status(
                time: now.text, containers: value["spec", "containers"]?.elements ?? [], isReady: true, ordinal: nextIdentifier())
            commit(controllerCall(.pods, pod, verb: .update, subresource: "status"), pod, before: value, after: ready)
        }
        return !waiting.isEmpty
    }

    /// Makes pods of the new template and removes old ones within `maxSurge` and `maxUnavailable`.
    private mutating func scalePods(of deployment: JSONValue, _ key: Key, _ hash: String) -> Bool {
        let desired = Int(deployment["spec", "replicas"]?.integer ?? 1)
        let all = pods(of: deployment, key)
        let (new, old) = (all.filter { isOf(hash, $0.value) }, all.filter { !isOf(hash, $0.value) })
        let recreates = deployment["spec", "strategy", "type"] == "Recreate"
        var doomed: [Key] = []
        let ready = all.filter { Self.isReady($0.value) }.count
        if recreates {
            doomed = old.map(\.key)
        } else {
            let spare = ready - max(0, desired - unavailable(deployment, desired))
            let idle = old.filter { !Self.isReady($0.value) }.map(\.key)
            doomed = idle + old.filter { Self.isReady($0.value) }.map(\.key).prefix(max(0, spare))
        }
        if new.count > desired {
            doomed += new.sorted { !Self.isReady($0.value) && Self.isReady($1.value) }.map(\.key).prefix(new.count - desired)
        }
        let room = recreates ? (old.isEmpty ? desired : 0) : desired + surge(deployment, desired) - all.count
        let missing = max(0, min(desired - new.count, room))
        for pod in doomed { commit(controllerCall(.pods, pod, verb: .delete), pod, before: objects[pod], after: nil) }
        for _ in 0..<missing { makePod(of: deployment, key, name: "\(key.name)-\(hash)-\(newSuffix())", hash: hash) }
        return missing > 0 || !doomed.isEmpty
    }

    /// - Parameters:
    ///   - hash: Of the template, for a pod of a Deployment.
    ///   - template: What the pod is made from; the owner's own, where there is none.
    mutating func makePod(of owner: JSONValue, _ key: Key, name: String, hash: String?, template given: JSONValue? = nil) {
        let behaviour = podBehaviours[key.namespace + "/" + key.name] ?? .ready
        let template = given ?? owner["spec", "template"] ?? [:]
        var pod: JSONValue = ["kind": "Pod", "apiVersion": "v1", "spec": template["spec"] ?? [:]]
        pod["metadata"] = template["metadata"] ?? [:]
        // What becomes of a pod is settled when it is made.
        pod["metadata", "annotations", "fake/behaviour"] = .string("\(behaviour)")
        pod["metadata", "name"] = .string(name)
        pod["metadata", "namespace"] = .string(key.namespace)
        pod["metadata", "uid"] = .string(newUID())
        pod["metadata", "creationTimestamp"] = .string(now.text)
        pod["metadata", "generation"] = 1
        if let hash {
            pod["metadata", "labels", "pod-template-hash"] = .string(hash)
            pod["metadata", "generateName"] = .string("\(key.name)-\(hash)-")
        }
        // ReplicaSets are not kept: the reference names the one that would be, by the uid of its owner.
        let owning: JSONValue = [
            "apiVersion": "apps/v1", "kind": hash == nil ? "StatefulSet" : "ReplicaSet",
            "name": .string(hash.map { "\(key.name)-\($0)" } ?? key.name), "uid": owner["metadata", "uid"] ?? "", "controller": true,
            "blockOwnerDeletion": true,
        ]
        pod["metadata", "ownerReferences"] = [owning]
        if behaviour != .unschedulable { pod["spec", "nodeName"] = "fake-node-0" }
        let ordinal = nextIdentifier()
        pod["status"] = behaviour.status(
            time: now.text, containers: pod["spec", "containers"]?.elements ?? [], isReady: false, ordinal: ordinal)
        let place = self.key(.pods, key.namespace, name)
        commit(controllerCall(.pods, place, verb: .create), place, before: nil, after: pod)
    }

    private func share(_ value: JSONValue?, of desired: Int, up: Bool) -> Int {
        if let number = value?.integer { return Int(number) }
        guard let percent = value?.text.flatMap({ Int($0.trimmingSuffix("%")) }) else { return 0 }
        return up ? (desired * percent + 99) / 100 : desired * percent / 100
    }

    private func surge(_ deployment: JSONValue, _ desired: Int) -> Int {
        share(deployment["spec", "strategy", "rollingUpdate", "maxSurge"], of: desired, up: true)
    }

    /// At least one pod may be missing where none may be added.
    func unavailable(_ deployment: JSONValue, _ desired: Int) -> Int {
        let share = share(deployment["spec", "strategy", "rollingUpdate", "maxUnavailable"], of: desired, up: false)
        return share == 0 && surge(deployment, desired) == 0 ? 1 : min(share, desired)
    }

    /// Ten digits that differ where the templates do (FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/).
    static func hash(of template: JSONValue) -> String {
        let value = template.json.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
        return String(String(value | 1 << 63, radix: 16).suffix(10))
    }
}
