/// What the controller of a StatefulSet keeps in its ControllerRevisions.
struct SetRevisions {
    /// The revision that pods below the partition have.
    var current: String
    /// Pod templates by revision.
    var templates: [String: JSONValue]
}

extension ClusterState {
    /// One step of the controller: pods that are there become ready, missing ones are made, then one of an old revision is exchanged, from
    /// the highest ordinal down to the partition.
    mutating func stepStatefulSet(_ key: Key) -> Bool {
        guard let set = objects[key], let uid = set["metadata", "uid"]?.text else { return false }
        let update = "\(key.name)-\(Self.hash(of: set["spec", "template"] ?? .null))"
        var known = revisions[uid] ?? SetRevisions(current: update, templates: [:])
        known.templates[update] = set["spec", "template"] ?? [:]
        revisions[uid] = known
        let didMove = makePodsReady(of: set, key) || makeMissingPods(of: set, key, known, update) || exchangePod(of: set, key, update)
        let didWrite = writeStatus(ofSet: set, key, uid, update)
        return didMove || didWrite
    }

    private func ordinals(of set: JSONValue) -> Range<Int> {
        let first = Int(set["spec", "ordinals", "start"]?.integer ?? 0)
        return first..<first + Int(set["spec", "replicas"]?.integer ?? 1)
    }

    private func partition(of set: JSONValue) -> Int {
        Int(set["spec", "updateStrategy", "rollingUpdate", "partition"]?.integer ?? 0)
    }

    private func revision(of pod: JSONValue) -> String? { pod["metadata", "labels", "controller-revision-hash"]?.text }

    private mutating func makeMissingPods(of set: JSONValue, _ key: Key, _ known: SetRevisions, _ update: String) -> Bool {
        let before = pods(of: set, key)
        let wanted = ordinals(of: set).map { (ordinal: $0, name: "\(key.name)-\($0)") }
        var didMove = false
        for (pod, value) in before where !wanted.contains(where: { $0.name == pod.name }) {
            commit(controllerCall(.pods, pod, verb: .delete), pod, before: value, after: nil)
            didMove = true
        }
        for (ordinal, name) in wanted where !before.contains(where: { $0.key.name == name }) {
            let revision = ordinal >= partition(of: set) ? update : known.current
            var template = known.templates[revision] ?? [:]
            template["metadata", "labels", "controller-revision-hash"] = .string(revision)
            template["metadata", "labels", "statefulset.kubernetes.io/pod-name"] = .string(name)
            makePod(of: set, key, name: name, hash: nil, template: template)
            didMove = true
        }
        return didMove
    }

    /// A pod that is not ready is waited for, whatever its revision.
    private mutating func exchangePod(of set: JSONValue, _ key: Key, _ update: String) -> Bool {
        let all = pods(of: set, key)
        guard set["spec", "updateStrategy", "type"] != "OnDelete", all.allSatisfy({ Self.isReady($0.value) }) else { return false }
        for ordinal in ordinals(of: set).reversed() where ordinal >= partition(of: set) {
            guard let old = all.first(where: { $0.key.name == "\(key.name)-\(ordinal)" }), revision(of: old.value) != update else {
                continue
            }
            commit(controllerCall(.pods, old.key, verb: .delete), old.key, before: old.value, after: nil)
            return true
        }
        return false
    }

    private mutating func writeStatus(ofSet set: JSONValue, _ key: Key, _ uid: String, _ update: String) -> Bool {
        let pods = pods(of: set, key).map(\.value)
        let ready = pods.count(where: Self.isReady)
        let updated = pods.count { revision(of: $0) == update }
        if updated == pods.count, ready == pods.count, pods.count == ordinals(of: set).count { revisions[uid]?.current = update }
        let current = revisions[uid]?.current ?? update
        func number(_ count: Int) -> JSONValue { .integer(Int64(count)) }
        var after = set
        after["status"] = [
            "observedGeneration": set["metadata", "generation"] ?? 1, "replicas": number(pods.count), "readyReplicas": number(ready),
            "availableReplicas": number(ready), "currentReplicas": number(pods.count { revision(of: $0) == current }),
            "updatedReplicas": number(updated), "currentRevision": .string(current), "updateRevision": .string(update),
            "collisionCount": 0,
        ]
        guard after != set else { return false }
        commit(controllerCall(.statefulSets, key, verb: .update, subresource: "status"), key, before: set, after: after)
        return true
    }
}
