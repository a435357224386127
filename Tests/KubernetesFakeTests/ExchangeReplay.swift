import KubernetesTestSupport

/// Sends recorded requests to a fake cluster, one behind the other, with what else happened in the recorded cluster in between.
struct ExchangeReplay {
    let cluster: FakeCluster
    var opaque = OpaqueValues()

    private let transcripts: [Transcript]

    init(_ transcripts: [Transcript]) {
        self.transcripts = transcripts
        cluster = FakeCluster(namespaces: ["default", "tr"])
        for token in ["static-admin", "cert:admin"] { cluster.admit(.administrator, token: token) }
        for token in ["sa-limited", "sa-short", "sa-rotated", "sa-bound"] { cluster.admit(Self.limited, token: token) }
        cluster.admit(FakeUser("system:serviceaccount:tr:gone", rules: []), token: "sa-gone")
    }

    /// Another recorded answer, for what it shows of objects whose making was not recorded.
    func recorded(_ number: String) -> JSONValue? { transcripts.first { $0.name.hasPrefix(number) }?.response["body"] }

    private static let limited = FakeUser(
        "system:serviceaccount:tr:limited",
        rules: [
            AccessRule(["get", "list", "watch"], group: "apps", ["deployments"], namespace: "tr"),
            AccessRule(["get", "update", "patch"], group: "apps", ["deployments/scale"], namespace: "tr"),
            AccessRule(["get"], group: "", ["configmaps"], namespace: "tr", names: ["allowed"]),
        ])

    /// What differs between the recorded answer and the fake's; empty where nothing does.
    mutating func differences(in transcript: Transcript) -> [String] {
        let before = cluster.revision
        prepare(transcript)
        let target = opaque.translated(target: transcript.request["path"]?.text ?? "", now: before)
        let answer = cluster.serve(request(transcript, target))
        guard case .response(let response) = answer else {
            return transcript.status == nil ? [] : ["the connection was cut"]
        }
        guard let status = transcript.status else { return ["answered by \(response.status), recorded: no answer"] }
        var differences: [String] = []
        if response.status != status {
            let words = response.json?["message"]?.text ?? ""
            return ["status: recorded \(status), here \(response.status) \(words)"]
        }
        for header in ["Content-Type", "Retry-After", "Warning"] {
            let own = response.headers.filter { $0.name == header }.map(\.value)
            if transcript.headers(header) != own { differences.append("\(header): recorded \(transcript.headers(header)), here \(own)") }
        }
        var comparison = BodyComparison(opaque: opaque, comparesRollout: Self.comparesRollout.contains(transcript.name))
        if case .watch(let watch) = response.body {
            finish(transcript)
            compareEvents(transcript, watch.drain(), &comparison)
            cluster.endWatch(watch.id)
        } else if !Self.opaqueBodies.contains(transcript.name) {
            compareBody(transcript, response, &comparison)
        }
        opaque = comparison.opaque
        return differences + comparison.differences
    }

    private func request(_ transcript: Transcript, _ target: String) -> FakeRequest {
        var headers = transcript.request["headers"]?.members.map { FakeRequest.Header($0.key, $0.value.text ?? "") } ?? []
        headers.removeAll { $0.name == "Authorization" }
        if transcript.user != "anonymous" { headers.append(.init("Authorization", "Bearer " + transcript.user)) }
        let body = transcript.request["body"].map { opaque.translated($0).json } ?? transcript.request["bodyText"]?.text ?? ""
        return FakeRequest(
            transcript.request["method"]?.text ?? "", target, headers: headers, body: Self.large[transcript.name] ?? Array(body.utf8))
    }

    /// Bodies that were too large to be kept.
    private static let large: [String: [UInt8]] = [
        "016-413-too-large": Array(repeating: UInt8(ascii: " "), count: 3_300_067),
        "017-configmap-over-1MiB-422": Array(
            ("{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"huge\"},\"data\":{\"k\":\""
                + String(repeating: "x", count: 1_100_000) + "\"}}").utf8),
    ]

    private func compareBody(_ transcript: Transcript, _ response: FakeResponse, _ comparison: inout BodyComparison) {
        if let text = transcript.response["bodyText"]?.text {
            guard case .whole(let bytes) = response.body else { return }
            if let recorded = try? JSONValue.parse(text) {
                comparison.compare(recorded, response.json)
            } else {
                comparison.compare(.string(text), .string(String(decoding: bytes, as: UTF8.self)))
            }
        } else {
            comparison.compare(transcript.response["body"], response.json)
        }
    }

    private func compareEvents(_ transcript: Transcript, _ signals: [FakeWatch.Signal], _ comparison: inout BodyComparison) {
        let own = signals.compactMap { signal -> JSONValue? in
            if case .event(let event) = signal { event } else { nil }
        }
        comparison.compare(.array(transcript.events), .array(own), "events")
        let ending = transcript.response["ended"]?.text ?? ""
        if ending.hasPrefix("cut"), signals.last != .cut { comparison.compare("cut", "clean", "end") }
    }
}
