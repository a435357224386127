/// What the server keeps; ``FakeCluster`` guards it.
struct ClusterState {
    struct Key: Hashable, Comparable {
        var storage: String
        var namespace: String
        var name: String

        static func < (left: Key, right: Key) -> Bool {
            (left.storage, left.namespace, left.name) < (right.storage, right.namespace, right.name)
        }
    }

    /// A change of one object, kept for watches that resume and lists of the past.
    struct Change {
        let revision: Int
        let key: Key
        let before: JSONValue?
        let after: JSONValue?
    }

    var types: [ResourceType] = ResourceType.standard
    var objects: [Key: JSONValue] = [:]
    var history: [Change] = []
    /// The revision of the last write; every write has its own.
    var revision = 1
    /// Revisions up to this one are forgotten.
    var compacted = 0
    var watches: [Int: WatchState] = [:]
    var identifiers = 0
    var now: FakeTime
    var tokens: [String: FakeUser] = [:]
    /// Who requests without a token come from.
    var tokenless = FakeUser.anonymous
    var requests: [RequestRecord] = []
    var writes: [WriteRecord] = []
    var rollouts: [String: Rollout] = [:]
    /// Of StatefulSets, by uid.
    var revisions: [String: SetRevisions] = [:]
    var rolloutMode = RolloutMode.manual
    var podBehaviours: [String: PodBehaviour] = [:]
    /// Told of each write that takes effect.
    var writeObserver: (@Sendable (WriteRecord) -> Void)?

    init(now: FakeTime) { self.now = now }

    mutating func nextIdentifier() -> Int {
        identifiers += 1
        return identifiers
    }

    mutating func newUID() -> String {
        let digits = String(nextIdentifier(), radix: 16)
        return "00000000-0000-4000-8000-" + String(repeating: "0", count: max(0, 12 - digits.count)) + digits
    }

    /// Five characters as `generateName` adds them.
    mutating func newSuffix() -> String {
        let alphabet = Array("bcdfghjklmnpqrstvwxz2456789")
        var number = nextIdentifier() &* 7_919 + 531_441
        return String(
            (0..<5).map { _ in
                defer { number /= alphabet.count }
                return alphabet[number % alphabet.count]
            })
    }

    func type(group: String, version: String, plural: String) -> ResourceType? {
        types.first { $0.group == group && $0.version == version && $0.plural == plural }
    }

    func key(_ type: ResourceType, _ namespace: String?, _ name: String) -> Key {
        Key(storage: type.storage, namespace: type.isNamespaced ? namespace ?? "" : "", name: name)
    }

    /// Who asks, about what, how: what every operation needs.
    struct Call {
        var target: RequestTarget
        var request: FakeRequest
        var user: FakeUser
        var number: Int?

        var query: [String: String] { request.query }
        var type: ResourceType { target.type }
        var isDryRun: Bool { query["dryRun"] == "All" }

        /// `fieldManager`, or the first part of the User-Agent.
        var manager: String {
            if let name = query["fieldManager"], !name.isEmpty { return name }
            let agent = request.header("User-Agent") ?? "unknown"
            return String(agent.prefix { $0 != "/" })
        }
    }

    /// Keeps a change, tells the watches, and writes it down. Every write passes here.
    ///
    /// - Parameter after: `nil` deletes.
    /// - Returns: The object as it is now.
    @discardableResult
    mutating func commit(_ call: Call, _ key: Key, before: JSONValue?, after: JSONValue?) -> JSONValue {
        revision += 1
        var kept = after
        kept?["metadata", "resourceVersion"] = .string("\(revision)")
        var last = kept ?? before ?? .null
        last["metadata", "resourceVersion"] = .string("\(revision)")
        objects[key] = kept
        history.append(Change(revision: revision, key: key, before: before, after: kept))
        for watch in watches.values { deliver(before, kept, last: last, key: key, to: watch) }
        let record = WriteRecord(
            request: call.number, time: now, user: call.user.name, manager: call.manager,
            verb: after == nil ? "delete" : call.target.verb.rawValue, resource: call.type.qualifiedPlural, namespace: key.namespace,
            name: key.name, subresource: call.target.subresource, resourceVersion: revision, before: before, after: last)
        writes.append(record)
        writeObserver?(record)
        if let number = call.number { requests[number - 1].tookEffect = true }
        return last
    }

    /// An object that starts to match shows as added, one that ceases to match as deleted.
    func deliver(_ before: JSONValue?, _ after: JSONValue?, last: JSONValue, key: Key, to watch: WatchState) {
        guard key.storage == watch.type.storage, watch.namespace == nil || watch.namespace == key.namespace else { return }
        let did = before.map(watch.filter.matches) ?? false
        let does = after.map(watch.filter.matches) ?? false
        func shown(_ object: JSONValue) -> JSONValue { presented(object, as: watch.type, metadataOnly: watch.metadataOnly) }
        switch (did, does) {
        case (false, true): watch.send("ADDED", shown(last))
        case (true, true): watch.send("MODIFIED", shown(last))
        case (true, false):
            var gone = before ?? last
            gone["metadata", "resourceVersion"] = last["metadata", "resourceVersion"]
            watch.send("DELETED", shown(gone))
        case (false, false): break
        }
    }

    /// An object as a client of this type sees it.
    func presented(_ object: JSONValue, as type: ResourceType, metadataOnly: Bool = false) -> JSONValue {
        if metadataOnly {
            return ["kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"] ?? [:]]
        }
        var shown = type.storage == "events" ? EventForms.presented(object, group: type.group) : object
        shown["kind"] = .string(type.kind)
        shown["apiVersion"] = .string(type.apiVersion)
        return shown
    }
}
