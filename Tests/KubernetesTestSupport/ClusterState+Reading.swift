import FoundationEssentials

extension ClusterState {
    func get(_ call: Call) throws(APIFailure) -> FakeResponse {
        let object = try existing(call)
        if call.target.subresource == "scale" { return .json(200, try scale(of: object, call)) }
        return .json(200, presented(object, as: call.type, metadataOnly: metadataOnly(call)))
    }

    func existing(_ call: Call) throws(APIFailure) -> JSONValue {
        let name = call.target.name ?? ""
        guard let object = objects[key(call.type, call.target.namespace, name)] else { throw .notFound(call.type, name) }
        return object
    }

    func metadataOnly(_ call: Call) -> Bool { (call.request.header("Accept") ?? "").contains("as=PartialObjectMetadata") }

    func list(_ call: Call) throws(APIFailure) -> FakeResponse {
        let query = call.query
        let filter = try ObjectFilter(query: query, type: call.type)
        let match = query["resourceVersionMatch"]
        var asked = try revisionAsked(query, isWatch: false)
        if match != nil && asked == nil {
            let cause = APIFailure.FieldCause.forbidden(
                "resourceVersionMatch", "resourceVersionMatch is forbidden unless resourceVersion is provided")
            throw .invalid(kind: "ListOptions", group: "meta.k8s.io", name: "", [cause])
        }
        let token = try query["continue"].flatMap { $0.isEmpty ? nil : $0 }.map { (text) throws(APIFailure) in try ContinueToken(text) }
        let isExact = match == "Exact"
        if let token {
            if token.revision > 0 && token.revision <= compacted { throw expired(token) }
            asked = token.revision > 0 ? token.revision : nil
        } else if let asked, asked > revision {
            throw tooLarge(asked)
        } else if isExact, let asked, asked <= compacted {
            throw APIFailure(code: 410, reason: "Expired", message: "The resourceVersion for the provided list is too old.")
        }
        let shown = isExact || token != nil ? asked ?? revision : revision
        var found = matching(filter, call, at: shown)
        if let token { found = found.filter { token.isBefore($0.key) } }
        var metadata: JSONValue = ["resourceVersion": .string("\(shown)")]
        // A list at resourceVersion 0 comes from the watch cache, which does not count.
        if let limit = query["limit"].flatMap({ Int($0) }), limit > 0, found.count > limit, query["resourceVersion"] != "0" {
            metadata["continue"] = .string(ContinueToken(revision: shown, after: found[limit - 1].key, within: call.target.namespace).text)
            if filter.isEmpty { metadata["remainingItemCount"] = .integer(Int64(found.count - limit)) }
            found = Array(found.prefix(limit))
        }
        return .json(200, list(found.map(\.value), call, metadata: metadata))
    }

    /// The items of a list lack kind and apiVersion, but for those of custom resources.
    func list(_ objects: [JSONValue], _ call: Call, metadata: JSONValue) -> JSONValue {
        let isPartial = metadataOnly(call)
        let items = objects.map { object in
            var item = presented(object, as: call.type, metadataOnly: isPartial)
            if !isPartial && !call.type.isCustom {
                item["kind"] = nil
                item["apiVersion"] = nil
            }
            return item
        }
        return [
            "kind": .string(isPartial ? "PartialObjectMetadataList" : call.type.kind + "List"),
            "apiVersion": .string(isPartial ? "meta.k8s.io/v1" : call.type.apiVersion), "metadata": metadata, "items": .array(items),
        ]
    }

    /// In the order of the server: by namespace and name.
    func matching(_ filter: ObjectFilter, _ call: Call, at wanted: Int? = nil) -> [(key: Key, value: JSONValue)] {
        var past = objects
        if let wanted, wanted < revision {
            for change in history.reversed() {
                if change.revision <= wanted { break }
                past[change.key] = change.before
            }
        }
        return past.filter { key, object in
            key.storage == call.type.storage && (call.target.namespace == nil || key.namespace == call.target.namespace)
                && filter.matches(object)
        }.sorted { $0.key < $1.key }
    }

    /// `nil` where none is given.
    private func revisionAsked(_ query: [String: String], isWatch: Bool) throws(APIFailure) -> Int? {
        guard let text = query["resourceVersion"], !text.isEmpty else { return nil }
        guard let number = Int(text), number >= 0 else {
            let message = "Invalid value: \"\(text)\": strconv.ParseUint: parsing \"\(text)\": invalid syntax"
            throw isWatch ? APIFailure(code: 500, message: "resourceVersion: " + message) : .badRequest(message)
        }
        return number
    }

    private func expired(_ token: ContinueToken) -> APIFailure {
        let message =
            "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list."
        var fresh = token
        fresh.revision = -1
        fresh.start = fresh.start.trimmingPrefix("/")
        return APIFailure(code: 410, reason: "Expired", message: message, metadata: ["continue": .string(fresh.text)])
    }

    private func tooLarge(_ asked: Int) -> APIFailure {
        APIFailure(
            code: 504, reason: "Timeout", message: "Timeout: Too large resource version: \(asked), current: \(revision)",
            details: [
                "causes": [["reason": "ResourceVersionTooLarge", "message": "Too large resource version"]], "retryAfterSeconds": 1,
            ], headers: [.init("Retry-After", "1")])
    }

    mutating func watch(_ call: Call) throws(APIFailure) -> FakeResponse {
        let query = call.query
        let asked = try revisionAsked(query, isWatch: true)
        var filter = try ObjectFilter(query: query, type: call.type)
        if let name = call.target.name { filter.fields.append(.init(path: "metadata.name", value: name, isEqual: true)) }
        let queue = FakeWatch(
            id: nextIdentifier(), timeoutSeconds: query["timeoutSeconds"].flatMap { Int($0) },
            wantsBookmarks: query["allowWatchBookmarks"] == "true" || query["allowWatchBookmarks"] == "1")
        let state = WatchState(
            filter: filter, type: call.type, namespace: call.target.namespace, metadataOnly: metadataOnly(call), queue: queue)
        let response = FakeResponse(status: 200, headers: [.init("Content-Type", "application/json")], body: .watch(queue))
        if let asked, asked > 0 {
            guard asked >= compacted else {
                let message = "too old resource version: \(asked) (\(compacted))"
                state.send("ERROR", APIFailure(code: 410, reason: "Expired", message: message).status)
                state.finish(.end)
                return response
            }
            for change in history where change.revision > asked {
                var last = change.after ?? change.before ?? .null
                last["metadata", "resourceVersion"] = .string("\(change.revision)")
                deliver(change.before, change.after, last: last, key: change.key, to: state)
            }
        } else if query["sendInitialEvents"] != "false" {
            for (_, object) in matching(filter, call) {
                state.send("ADDED", presented(object, as: call.type, metadataOnly: state.metadataOnly))
            }
        }
        if query["sendInitialEvents"] == "true" { bookmark(state, isEndOfInitialEvents: true) }
        watches[queue.id] = state
        return response
    }

    func bookmark(_ watch: WatchState, isEndOfInitialEvents: Bool = false) {
        var metadata: JSONValue = ["resourceVersion": .string("\(revision)")]
        if isEndOfInitialEvents { metadata["annotations"] = ["k8s.io/initial-events-end": "true"] }
        var object: JSONValue = ["metadata": metadata]
        object["kind"] = .string(watch.metadataOnly ? "PartialObjectMetadata" : watch.type.kind)
        object["apiVersion"] = .string(watch.metadataOnly ? "meta.k8s.io/v1" : watch.type.apiVersion)
        watch.send("BOOKMARK", object)
    }
}

/// Where a list in pieces goes on.
struct ContinueToken: Hashable {
    /// -1 for a list that need not be consistent.
    var revision: Int
    /// The last name that was given, with a zero byte, which sorts before every longer name.
    var start: String

    init(revision: Int, after key: ClusterState.Key, within namespace: String?) {
        self.revision = revision
        start = "/" + (namespace == nil && !key.namespace.isEmpty ? key.namespace + "/" : "") + key.name + "\0"
    }

    init(_ text: String) throws(APIFailure) {
        var base = String(text.map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 })
        while base.utf8.count % 4 != 0 { base += "=" }
        guard let data = Data(base64Encoded: base), let value = try? JSONValue.parse(Array(data)), let revision = value["rv"]?.integer,
            let start = value["start"]?.text
        else {
            throw .badRequest("invalid continue token: continue key is not valid: invalid character looking for beginning of value")
        }
        self.revision = Int(revision)
        self.start = start
    }

    var text: String {
        let value: JSONValue = ["v": "meta.k8s.io/v1", "rv": .integer(Int64(revision)), "start": .string(start)]
        let base = Data(value.json.utf8).base64EncodedString()
        return String(base.filter { $0 != "=" }.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
    }

    func isBefore(_ key: ClusterState.Key) -> Bool {
        let place = start.trimmingPrefix("/").trimmingSuffix("\0").split(separator: "/", maxSplits: 1).map(String.init)
        return place.count == 2 ? (place[0], place[1]) < (key.namespace, key.name) : (place.first ?? "") < key.name
    }
}
