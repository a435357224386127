/// What a test does with a cluster, and asks of it.
extension FakeCluster {
    // MARK: Users, types, objects

    /// Lets requests with `Authorization: Bearer <token>` come from a user.
    public func admit(_ user: FakeUser, token: String) { with { $0.state.tokens[token] = user } }

    /// Lets requests without a token come from a user: kubectl sends none over plain HTTP.
    public func admitTokenless(_ user: FakeUser) { with { $0.state.tokenless = user } }

    /// 401 from now on; watches that are open go on.
    public func revoke(token: String) { with { $0.state.tokens[token] = nil } }

    /// Serves a custom resource.
    public func register(_ type: ResourceType) {
        with { guarded in
            guarded.state.types.removeAll { $0.group == type.group && $0.version == type.version && $0.plural == type.plural }
            guarded.state.types.append(type)
        }
    }

    /// Puts an object in, as an administrator would create it, with its status; an object that is there is replaced.
    ///
    /// - Parameter manager: Who is to own its fields.
    /// - Returns: The object as it is kept, or the `Status` that says why not.
    @discardableResult
    public func seed(_ object: JSONValue, manager: String = "kubectl-create") -> JSONValue {
        with { guarded in
            let apiVersion = object["apiVersion"]?.text ?? ""
            guard let type = guarded.state.types.first(where: { $0.apiVersion == apiVersion && $0.kind == object["kind"]?.text }) else {
                return APIFailure.unknownResource.status
            }
            return guarded.state.seed(object, type, manager: manager)
        }
    }

    /// An object as it is kept; `nil` where it is not there.
    public func object(_ type: ResourceType, namespace: String? = nil, name: String) -> JSONValue? {
        with { $0.state.objects[$0.state.key(type, namespace, name)] }
    }

    /// By namespace and name.
    public func objects(_ type: ResourceType, namespace: String? = nil) -> [JSONValue] {
        with { guarded in
            guarded.state.objects.filter { $0.key.storage == type.storage && (namespace == nil || $0.key.namespace == namespace) }
                .sorted { $0.key < $1.key }.map(\.value)
        }
    }

    /// The resourceVersion of the last write.
    public var revision: Int { with { $0.state.revision } }

    // MARK: Faults

    /// Faults are tried in the order in which they were injected.
    public func inject(_ fault: Fault) { with { $0.faults.append(fault) } }

    public func clearFaults() { with { $0.faults = [] } }

    /// How many faults, counted by the requests they are still to strike, are left.
    public var pendingFaults: Int { with { $0.faults.reduce(0) { $0 + $1.times } } }

    public var stalledRequests: Int { with { $0.stalled.count } }

    // MARK: Time and watches

    /// Moves the cluster's clock on, for deadlines.
    public func advanceClock(bySeconds seconds: Int64) { with { $0.clockOffsetSeconds += seconds } }

    /// Forgets the past: watches and lists from a resourceVersion up to the present one are answered by 410.
    public func compact() {
        with { guarded in
            guarded.state.revision += 1
            guarded.state.compacted = guarded.state.revision
            guarded.state.history = []
        }
    }

    public func sendBookmarks() {
        with { guarded in
            for watch in guarded.state.watches.values where watch.wantsBookmarks { guarded.state.bookmark(watch) }
        }
    }

    /// Sends a bookmark to one watch, if it asked for bookmarks.
    public func sendBookmark(to watch: Int) {
        with { guarded in
            guard let watch = guarded.state.watches[watch], watch.wantsBookmarks else { return }
            guarded.state.bookmark(watch)
        }
    }

    public var openWatches: Int { with { $0.state.watches.count } }

    /// Ends all watches properly, as a server that shuts down.
    public func endWatches() { finishWatches(.end) }

    /// Cuts the connections of all watches, as a server that is killed.
    public func cutWatches() { finishWatches(.cut) }

    private func finishWatches(_ signal: FakeWatch.Signal) {
        with { guarded in
            for watch in guarded.state.watches.values { watch.finish(signal) }
            guarded.state.watches = [:]
        }
    }

    /// Ends one watch, such as one whose `timeoutSeconds` are over or whose client is gone.
    public func endWatch(_ id: Int) {
        with { guarded in
            guarded.state.watches[id]?.finish(.end)
            guarded.state.watches[id] = nil
        }
    }

    // MARK: Logs

    public var requests: [RequestRecord] { with { $0.state.requests } }

    /// The writes that took effect, in their order.
    public var writes: [WriteRecord] { with { $0.state.writes } }

    /// Is told of every write that takes effect, under the cluster's lock: it must not call back.
    public func observeWrites(_ observer: @escaping @Sendable (WriteRecord) -> Void) { with { $0.state.writeObserver = observer } }

    // MARK: Rollouts

    /// Whether Deployments and StatefulSets follow each write at once, or only ``advanceRollouts(steps:)``.
    public func setRolloutMode(_ mode: RolloutMode) { with { $0.state.rolloutMode = mode } }

    /// What becomes of the pods of a Deployment that start from now on.
    public func setPodBehaviour(_ behaviour: PodBehaviour, of deployment: String, namespace: String) {
        with { $0.state.podBehaviours[namespace + "/" + deployment] = behaviour }
    }

    /// Plays the controllers of Deployments and StatefulSets.
    ///
    /// - Parameter steps: How many steps each takes at most; `nil` until nothing changes any more.
    /// - Returns: Whether anything changed.
    @discardableResult
    public func advanceRollouts(steps: Int? = nil) -> Bool { with { $0.state.advanceRollouts(steps: steps, only: nil) } }
}

extension ClusterState {
    mutating func seed(_ object: JSONValue, _ type: ResourceType, manager: String) -> JSONValue {
        let namespace = object["metadata", "namespace"]?.text ?? "default"
        let key = key(type, namespace, object["metadata", "name"]?.text ?? "")
        objects[key] = nil
        let request = FakeRequest(
            "POST", type.path(namespace: type.isNamespaced ? namespace : nil), headers: [.init("User-Agent", manager + "/1")],
            body: Array(object.json.utf8))
        let response = answer(request, as: .administrator, number: nil)
        guard response.status == 201, let status = object["status"], var created = objects[key] else { return response.json ?? .null }
        let before = created
        created["status"] = status
        let target = RequestTarget(type: type, verb: .update, namespace: namespace, name: key.name, subresource: "status")
        return commit(
            Call(target: target, request: request, user: .administrator, number: nil), key, before: before, after: created)
    }
}
