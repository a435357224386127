import KubernetesTestSupport

extension ExchangeReplay {
    private static let agent = FakeRequest.Header("User-Agent", "rec/1")

    /// A write that was not recorded.
    private func write(
        _ method: String, _ path: String, _ body: JSONValue, type: String = "application/json", agent: FakeRequest.Header = Self.agent
    ) {
        cluster.answer(FakeRequest(method, path, headers: [.init("Content-Type", type), agent], body: Array(body.json.utf8)))
    }

    private func merge(_ path: String, _ patch: JSONValue) { write("PATCH", path, patch, type: "application/merge-patch+json") }

    private func makeConfigMap(_ name: String, labels: JSONValue? = nil, immutable: Bool = false) {
        var map: JSONValue = ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": .string(name)], "data": ["k": "v"]]
        map["metadata", "labels"] = labels
        if immutable { map["immutable"] = true }
        write("POST", Self.maps, map)
    }

    private static let maps = "/api/v1/namespaces/tr/configmaps"
    private static let deployments = "/apis/apps/v1/namespaces/tr/deployments"
    private static let widget = "/apis/example.test/v1/namespaces/tr/widgets/w1"

    /// The ConfigMaps that controllers make in every namespace.
    private func makeControllersMaps() {
        for item in (recorded("029")?["items"]?.elements ?? []).prefix(2) {
            write("POST", Self.maps, item, agent: .init("User-Agent", "kube-controller-manager/1"))
        }
    }

    private func makeDeployment(_ name: String, replicas: JSONValue = 2) {
        let label: JSONValue = ["app": .string(name)]
        let container: JSONValue = ["name": "web", "image": "registry.example/web:1", "ports": [["containerPort": 80]]]
        write(
            "POST", Self.deployments,
            [
                "apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": .string(name), "labels": label],
                "spec": [
                    "replicas": replicas, "selector": ["matchLabels": label],
                    "template": ["metadata": ["labels": label], "spec": ["containers": [container]]],
                ],
            ])
        cluster.advanceRollouts()
    }

    private mutating func remember(_ revision: String) { opaque["rv" + revision] = "\(cluster.revision)" }

    private mutating func rememberRevision(_ recorded: String, of deployment: String) {
        let object = cluster.object(.deployments, namespace: "tr", name: deployment)
        opaque["rv" + recorded] = object?["metadata", "resourceVersion"]?.text
    }

    private mutating func rememberPrecondition(of transcript: Transcript, _ name: String) {
        guard let uid = transcript.request["body", "preconditions", "uid"]?.text else { return }
        let metadata = cluster.object(.configMaps, namespace: "tr", name: name)?["metadata"]
        opaque[uid] = metadata?["uid"]?.text
        opaque["rv" + (transcript.request["body", "preconditions", "resourceVersion"]?.text ?? "")] = metadata?["resourceVersion"]?.text
    }

    private func scaleZeroUp() {
        merge(Self.deployments + "/zero/scale", ["spec": ["replicas": 2]])
        cluster.advanceRollouts()
    }

    /// What happened in the recorded cluster before an exchange, by other requests and by controllers.
    mutating func prepare(_ transcript: Transcript) {
        switch transcript.name.prefix(3) {
        case "020": makeControllersMaps()
        case "070":
            makeConfigMap("race")
            merge(Self.maps + "/race", ["data": ["w": "3"]])
        case "023", "054", "061", "083": cluster.advanceRollouts()
        case "026":
            for index in 0..<3 { makeConfigMap("page-\(index)", labels: ["page": .string("\(index)"), "set": "pages"]) }
        case "047": makeConfigMap("frozen", immutable: true)
        case "094":
            cluster.advanceRollouts()
            rememberRevision("621", of: "ssa")
        case "100":
            makeConfigMap("wtch")
            merge(Self.maps + "/wtch", ["data": ["k": "2"]])
            write("DELETE", Self.maps + "/wtch", [:])
        case "105":
            makeConfigMap("sel")
            merge(Self.maps + "/sel", ["metadata": ["labels": ["tier": "a"]]])
            merge(Self.maps + "/sel", ["metadata": ["labels": ["tier": "b"]]])
        case "133": cluster.revoke(token: "sa-short")
        case "135": merge(Self.deployments + "/web", ["metadata": ["annotations": ["after-expiry": "1"]]])
        case "138": cluster.revoke(token: "sa-gone")
        case "140": cluster.revoke(token: "sa-bound")
        case "178":
            merge(Self.widget, ["metadata": ["finalizers": ["example.test/hold"]]])
            remember("852")
        case "200": for name in ["d1", "d2", "d3", "d4", "d5"] { makeConfigMap(name, labels: name == "d1" ? nil : ["del": "1"]) }
        case "202": rememberPrecondition(of: transcript, "d1")
        case "205": makeDeployment("fg", replicas: 1)
        case "240":
            merge(Self.maps + "/page-0", ["data": ["k": "2"]])
            remember("1274")
        case "242": cluster.compact()
        case "249":
            let list = cluster.answer(FakeRequest("GET", Self.maps + "?limit=1"))
            opaque[Self.recordedToken] = list.json?["metadata", "continue"]?.text
            cluster.compact()
        case "260": makeDeployment("zero")
        case "261": cluster.advanceRollouts()
        case "263", "265": scaleZeroUp()
        case "264":
            scaleZeroUp()
            rememberRevision("1842", of: "zero")
        default: injectFault(of: transcript)
        }
    }

    private static let recordedToken = "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MTI3NCwic3RhcnQiOiIvZnJvemVuXHUwMDAwIn0"

    /// What the recorded cluster did by load, admission, quota and a stalled store, the fake does on demand.
    private func injectFault(of transcript: Transcript) {
        switch transcript.name.prefix(3) {
        case "150", "151", "152": cluster.inject(Fault(.tooManyRequests(retryAfterSeconds: 1)))
        case "208": cluster.inject(Fault(.quotaExceeded))
        case "220":
            let words = transcript.response["body", "details", "causes"]?.elements.first?["message"]?.text ?? ""
            cluster.inject(Fault(.admissionDenied(words)))
        case "222", "223": cluster.inject(Fault(.internalError))
        case "243", "247": cluster.inject(Fault(.cutBeforeProcessing))
        case "244": cluster.inject(Fault(.gatewayTimeout(applied: false)))
        default: break
        }
    }

    /// What happened while a watch was open.
    func finish(_ transcript: Transcript) {
        switch transcript.name.prefix(3) {
        case "253": cluster.cutWatches()
        default: cluster.endWatches()
        }
    }

    /// Exchanges in which the status of a Deployment stands as its controller leaves it when all is done.
    static let comparesRollout: Set<String> = [
        "023-deployment-get", "048-get-accept-gzip-small-not-compressed", "262-deployment-get-at-zero",
    ]

    /// Bodies that are compared by their status and content type only: words of Go's decoder, lists of checks.
    static let opaqueBodies: Set<String> = [
        "003-readyz-verbose", "030-list-continue-garbage-400", "065-patch-wrong-type", "130-ssar-allowed", "222-scale-500-webhook-timeout",
        "223-scale-500-webhook-down", "246-readyz-etcd-stalled",
    ]

    /// Exchanges that the fake does not repeat, and why.
    static let notHeld: [String: String] = [
        "005-discovery-apps-v1": "names every resource of the group; the fake has two of them",
        "006-discovery-aggregated": "aggregated discovery is not served",
        "007-openapi-v3-index": "OpenAPI is not served",
        "034-list-as-table": "tables are not served",
        "049-list-gzip": "nothing is compressed",
        "126-tokenrequest": "tokens are made by the test",
        "127-tokenrequest-422-under-10-minutes": "tokens are made by the test",
        "128-selfsubjectreview": "users have no groups, uids and credential ids",
        "134-watch-outlives-token": "lasts 90 s, and its objects are trimmed; a test of its own says the same",
        "141-rbac-escalation-403": "roles are not kept",
        "145-oidc-discovery": "OIDC is not served",
        "146-jwks": "OIDC is not served",
        "147-tokenreview": "tokens are not reviewed",
        "154-eviction-429-pdb": "evictions are not served",
        "155-eviction-201": "evictions are not served",
        "162-cr-429-storage-initializing": "the storage of a custom resource is ready at once",
        "184-watch-crd-deleted": "was open while 183 ran; a test of its own says the same",
        "206-watch-foreground-delete": "every step of the garbage collector; the fake takes one",
        "207-pod-delete-graceful": "a pod made by the real controllers and a kubelet; a test of its own says the same",
        "221-scale-403-webhook-denies": "webhooks are not called",
        "230-watch-scale-2-to-6": "timing of real controllers; a test of its own compares the statuses",
        "231-watch-rolling-update": "timing of real controllers; a test of its own compares the statuses",
        "232-watch-progress-deadline-exceeded": "timing of real controllers; a test of its own compares the statuses",
        "233-pods-crashloop": "pods made by real controllers; a test of its own compares their shape",
        "234-pods-imagepullbackoff": "pods made by real controllers; a test of its own compares their shape",
        "235-pods-unschedulable": "pods made by real controllers; a test of its own compares their shape",
        "236-events-list": "events that real controllers wrote",
        "239-deployment-paused": "a Deployment of the real controllers; a test of its own compares its conditions",
        "241-readyz-over-restart": "a series of polls over a restart of the process",
        "254-connection-refused": "no server at all",
        "255-readyz-etcd-stalled-1-minute": "the checks of a stalled etcd",
        "256-livez-etcd-stalled-1-minute": "the checks of a stalled etcd",
    ]
}
