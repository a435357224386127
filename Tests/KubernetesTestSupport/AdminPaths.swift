/// What a test in another process does with a cluster: paths that no real server has.
///
/// - `POST /_faults` `{"effect": "stall", "times": 1, "match": {"verb": "patch", …}, …}`, `DELETE /_faults`
/// - `POST /_rollouts` `{"steps": 1, "mode": "automatic", "pods": {"namespace": "llm", "name": "chat", "behaviour": "crashLoop"}}`
/// - `POST /_release`: lets stalled requests go on; `POST /_compact`; `POST /_watches` `{"end": "clean"}` or `{"end": "cut"}`
/// - `POST /_clock` `{"seconds": 600}`
/// - `GET /_log`: `{"requests": […], "writes": […]}`
enum AdminPaths {
    static func answer(_ request: FakeRequest, _ cluster: FakeCluster) -> FakeResponse? {
        guard request.path.hasPrefix("/_") else { return nil }
        let body = request.body.isEmpty ? [:] : (try? JSONValue.parse(request.body)) ?? .null
        guard body.isObject else { return .plain(400, "expected a JSON object\n") }
        switch (request.method, request.path) {
        case ("POST", "/_faults"):
            guard let fault = Fault(body) else { return .plain(400, "unknown effect \(body["effect"]?.json ?? "(none)")\n") }
            cluster.inject(fault)
        case ("DELETE", "/_faults"): cluster.clearFaults()
        case ("POST", "/_rollouts"): return rollouts(body, cluster)
        case ("POST", "/_release"): cluster.releaseStalled()
        case ("POST", "/_compact"): cluster.compact()
        case ("POST", "/_clock"): cluster.advanceClock(bySeconds: body["seconds"]?.integer ?? 0)
        case ("POST", "/_watches"): body["end"] == "cut" ? cluster.cutWatches() : cluster.endWatches()
        case ("GET", "/_log"): return .json(200, log(cluster))
        default: return .plain(404, "no such path\n")
        }
        return .json(200, [:])
    }

    private static func rollouts(_ body: JSONValue, _ cluster: FakeCluster) -> FakeResponse {
        if let mode = body["mode"]?.text { cluster.setRolloutMode(mode == "automatic" ? .automatic : .manual) }
        if let pods = body["pods"] {
            guard let behaviour = PodBehaviour(name: pods["behaviour"]?.text ?? "") else {
                return .plain(400, "unknown behaviour of pods\n")
            }
            cluster.setPodBehaviour(behaviour, of: pods["name"]?.text ?? "", namespace: pods["namespace"]?.text ?? "default")
        }
        let steps = body["steps"]?.integer.map { Int(clamping: $0) }
        return .json(200, ["changed": .bool(cluster.advanceRollouts(steps: steps))])
    }

    private static func log(_ cluster: FakeCluster) -> JSONValue {
        let requests = cluster.requests.map { record -> JSONValue in
            var value: JSONValue = [
                "number": .integer(Int64(record.number)), "time": .string(record.time.microText), "user": .string(record.user),
                "method": .string(record.method), "verb": .string(record.verb), "target": .string(record.target),
                "status": .integer(Int64(record.status)), "tookEffect": .bool(record.tookEffect),
            ]
            value["fault"] = record.fault.map { .string($0) }
            return value
        }
        return ["requests": .array(requests), "writes": .array(cluster.writes.map(\.json))]
    }
}

extension Fault {
    /// As `POST /_faults` takes it.
    init?(_ json: JSONValue) {
        guard let effect = Effect(json) else { return nil }
        let match = json["match"] ?? [:]
        self.init(
            effect,
            match: Match(
                verb: match["verb"]?.text, plural: match["plural"]?.text, subresource: match["subresource"]?.text,
                name: match["name"]?.text, user: match["user"]?.text, onlyWrites: match["onlyWrites"]?.flag ?? false,
                number: match["number"]?.integer.map { Int(clamping: $0) }), times: json["times"]?.integer.map { Int(clamping: $0) } ?? 1)
    }
}

extension Fault.Effect {
    fileprivate init?(_ json: JSONValue) {
        switch json["effect"]?.text {
        case "unauthorized": self = .unauthorized
        case "forbidden": self = .forbidden
        case "quotaExceeded": self = .quotaExceeded
        case "admissionDenied": self = .admissionDenied(json["message"]?.text ?? "denied")
        case "tooManyRequests": self = .tooManyRequests(retryAfterSeconds: Int(clamping: json["retryAfterSeconds"]?.integer ?? 1))
        case "internalError": self = .internalError
        case "gatewayTimeout": self = .gatewayTimeout(applied: json["applied"]?.flag ?? false)
        case "stall": self = .stall(processOnRelease: json["processOnRelease"]?.flag ?? true)
        case "cutBeforeProcessing": self = .cutBeforeProcessing
        case "answerLost": self = .answerLost
        case "cutInAnswer": self = .cutInAnswer
        default: return nil
        }
    }
}

extension PodBehaviour {
    init?(name: String) {
        guard let found = [Self.ready, .neverReady, .unschedulable, .crashLoop, .imagePullBackOff].first(where: { "\($0)" == name }) else {
            return nil
        }
        self = found
    }
}
