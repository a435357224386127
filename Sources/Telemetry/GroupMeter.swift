public import Control
import FoundationEssentials
import Measurements
public import Policies
import Scaling
public import Transport
public import Verification

/// Measures the two groups of a canary by what their pods' engines count, each group by itself.
///
/// A group whose pods are exchanged is counted anew from then on.
public actor GroupMeter: CanaryMeter {
    public nonisolated let obstacle: String?
    public nonisolated let countsArrivals = false
    /// Beyond which a request misses its objective; `nil` where there are none.
    private let loadLimits: [LatencyLimit]?
    private let makeSource: @Sendable (CanaryGroup, [CanaryPod]) -> (any MeasurementSource)?
    private var experiment: UUID?
    private var bucket: CanaryBucket?
    private var sources: [CanaryGroup: GroupSource] = [:]
    private var restarts = RestartCounter()

    private struct GroupSource {
        let pods: [String]
        let source: (any MeasurementSource)?
        let since: Timestamp
        /// In this bucket.
        var hasAnswered = false
    }

    /// Buckets wait for a source that looks less often than they end, for so many of their lengths.
    private static let patience = 4.0

    /// Uses the first of a policy's sources that reads engines.
    /// - Throws: ``InvalidSelector``.
    public init(_ policy: Policy, client: HTTPClient) throws {
        loadLimits = policy.latencyLimits.isEmpty ? nil : policy.latencyLimits
        for source in policy.monitor.sources {
            guard let make = try Self.maker(source, client) else { continue }
            makeSource = make
            obstacle = nil
            return
        }
        makeSource = { _, _ in nil }
        obstacle =
            "none of its sources reads the engines of single pods: that takes prometheus or scrape with the preset of an engine, "
            + "and http for scrape"
    }

    private static func maker(
        _ source: Policy.Source, _ client: HTTPClient
    ) throws -> (@Sendable (CanaryGroup, [CanaryPod]) -> (any MeasurementSource)?)? {
        switch source.kind {
        case .prometheus(let server):
            guard let preset = server.preset.flatMap(EnginePreset.named), preset.seesRequests else { return nil }
            let queries = try PresetQueries(preset, selector: server.selector)
            let prometheus = PromQLClient(url: server.url, credential: ServerCredential(server.login), transport: client)
            return { group, pods in
                queries.limited(to: pods).map { PrometheusSource(name: group.rawValue, client: prometheus, queries: $0) }
            }
        case .scrape(let pages):
            guard let preset = EnginePreset.named(pages.preset), preset.seesRequests,
                let page = pages.urls.first.flatMap(URL.init(string:)),
                page.scheme == "http"
            else { return nil }
            let (port, path) = (page.port ?? 80, page.path.isEmpty ? "/metrics" : page.path)
            return { group, pods in
                ScrapeSource(
                    name: group.rawValue, group: pods, port: port, path: path, preset: preset, selector: pages.selector,
                    credential: ServerCredential(pages.login), transport: client)
            }
        case .probe, .importFiles: return nil
        }
    }

    public func buckets(_ look: CanaryLook) async -> [CanaryBucket] {
        guard experiment == look.experiment, var bucket, look.now.since(bucket.start).duration <= look.bucketLength * Int(Self.patience * 2)
        else {
            begin(look)
            _ = restarts.look(look.status)
            _ = await deliver(look)
            return []
        }
        for (group, growth) in restarts.look(look.status) {
            if let more = growth.restarts { bucket[group].restarts = (bucket[group].restarts ?? 0) + more }
            bucket[group].wasKilledForMemory = bucket[group].wasKilledForMemory || growth.wasKilledForMemory
        }
        self.bucket = bucket
        for (group, delivery) in await deliver(look) {
            for block in delivery.blocks { bucket[group].add(block) }
            if let load = delivery.load { bucket[group].add(load) }
            if tells(delivery, group, look) { sources[group]?.hasAnswered = true }
        }
        let length = look.now.since(bucket.start).duration
        bucket.length = length
        let share = length.inSeconds / look.bucketLength.inSeconds
        let isTold = CanaryGroup.allCases.allSatisfy { sources[$0]?.hasAnswered == true }
        guard share >= Self.nearlyWhole, isTold || share >= Self.patience else {
            self.bucket = bucket
            return []
        }
        for group in CanaryGroup.allCases {
            bucket[group].readyReplicas = look.status[group].count(where: \.counts)
            bucket[group].isTold = sources[group]?.hasAnswered == true
        }
        self.bucket = CanaryBucket(start: look.now, length: look.bucketLength)
        for group in CanaryGroup.allCases { sources[group]?.hasAnswered = false }
        return [bucket]
    }

    /// Engines that can be read and have ended nothing tell so: but not before they have been there for a while, and could have.
    private func tells(_ delivery: Delivery, _ group: CanaryGroup, _ look: CanaryLook) -> Bool {
        if !delivery.blocks.isEmpty { return true }
        guard let since = sources[group]?.since, look.now.since(since).duration >= look.bucketLength * Int(Self.patience) else {
            return false
        }
        return delivery.readings.contains { if case .value = $0.reading { true } else { false } }
    }

    /// Whether an engine can be read at all: it always has a number of requests that wait.
    private static let question = PolicyQuestion(.queueDepth, over: .seconds(60))

    /// Looks do not come to the second.
    private static let nearlyWhole = 0.9

    private func begin(_ look: CanaryLook) {
        if experiment != look.experiment { (sources, restarts) = ([:], RestartCounter()) }
        experiment = look.experiment
        bucket = CanaryBucket(start: max(look.since, look.now), length: look.bucketLength)
    }

    private func deliver(_ look: CanaryLook) async -> [(CanaryGroup, Delivery)] {
        for group in CanaryGroup.allCases {
            let pods = look.status[group].filter(\.counts)
            let names = pods.map(\.name).sorted()
            guard sources[group]?.pods != names else { continue }
            sources[group] = GroupSource(pods: names, source: makeSource(group, pods), since: look.now)
        }
        let request = DeliveryRequest(now: look.now, questions: [Self.question], deadline: look.deadline, loadLimits: loadLimits)
        let (canary, control) = (sources[.canary]?.source, sources[.control]?.source)
        async let ofCanary = canary?.deliver(request)
        async let ofControl = control?.deliver(request)
        return [(.canary, await ofCanary ?? Delivery()), (.control, await ofControl ?? Delivery())]
    }
}

extension GroupBucket {
    /// Adds what was counted besides what ended; what is not known is left as it is.
    mutating func add(_ load: ServiceLoad) {
        if let came = load.arrivals { arrivals = (arrivals ?? 0) + max(0, came) }
        if let waiting = load.waiting, let running = load.running { underWay = max(0, waiting) + max(0, running) }
        guard let finished = load.finished, let missed = load.missed else { return }
        judged += max(0, finished.count)
        self.missed += min(max(0, missed), max(0, finished.count))
    }
}

extension CanaryStatus {
    fileprivate subscript(group: CanaryGroup) -> [CanaryPod] { group == .canary ? canary : control }
}

extension EnginePreset {
    /// Whether it counts requests and their latencies; exporters of devices do not.
    fileprivate var seesRequests: Bool { latencies[.timeToFirstToken] != nil || latencies[.timePerOutputToken] != nil }
}
