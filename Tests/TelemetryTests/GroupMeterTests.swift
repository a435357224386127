import Control
import Foundation
import Measurements
import Policies
import Statistics
import Telemetry
import TestSupport
import Testing
import Transport
import Verification

@Suite("What the groups of a canary did, by their pods' engines")
struct GroupMeterTests {
    private static func policy(_ kinds: Policy.Source.Kind...) -> Policy {
        var policy = Policy(name: "chat")
        policy.monitor.sources = kinds.enumerated().map { Policy.Source(name: "source-\($0)", kind: $1) }
        return policy
    }

    @Test("a policy whose sources see no single pods says what it lacks")
    func obstacles() async throws {
        let client = try HTTPClient()
        let probe = Policy.Source.Kind.importFiles(paths: ["*.json"])
        let devices = Policy.Source.Kind.prometheus(.init(url: "http://prometheus:9090", preset: "dcgm"))
        let bare = Policy.Source.Kind.prometheus(.init(url: "http://prometheus:9090"))
        let secured = Policy.Source.Kind.scrape(.init(urls: ["https://chat:8000/metrics"], preset: "vllm"))
        for kind in [probe, devices, bare, secured] {
            #expect(try GroupMeter(Self.policy(kind), client: client).obstacle?.contains("preset") == true, "\(kind)")
        }
        let engine = Policy.Source.Kind.prometheus(.init(url: "http://prometheus:9090", preset: "vllm"))
        #expect(try GroupMeter(Self.policy(probe, devices, engine), client: client).obstacle == nil)
        await client.shutdown()
    }

    @Test("each group's own requests are counted, from the second look on, in buckets of the asked length; exchanged pods are counted anew")
    func counts() async throws {
        let pod = try Pod()
        defer { pod.stop() }
        let address = try #require(URL(string: pod.url))
        let client = try HTTPClient()
        let meter = try GroupMeter(
            Self.policy(.scrape(.init(urls: ["http://chat:\(try #require(address.port))\(address.path)"], preset: "vllm"))), client: client)
        // One page for both: each group has a source of its own, which reads it in its own turn.
        func look(_ seconds: Int, canary: String = "chat-canary-1") -> CanaryLook {
            let start = Timestamp(nanosecondsSinceEpoch: 1_800_000_000_000_000_000)
            let mark = CanaryMark(
                experiment: UUID(uuidString: "00000000-0000-4000-8000-000000000001")!, policy: "chat", knob: "slots", from: .integer(2),
                to: .integer(4), podsPerGroup: 1, replicas: 4)
            var status = CanaryStatus(mark: mark, rollout: .settled)
            status.canary = [CanaryPod(name: canary, address: "127.0.0.1", isReady: true, isCurrent: true)]
            status.control = [CanaryPod(name: "chat-control-1", address: "127.0.0.1", isReady: true, isCurrent: true)]
            return CanaryLook(
                experiment: mark.experiment, now: start.advanced(by: .seconds(seconds)), status: status, bucketLength: .seconds(30),
                since: start, deadline: .seconds(5))
        }
        pod.page = Self.page(requests: 100)
        #expect(await meter.buckets(look(0)) == [])
        pod.page = Self.page(requests: 110)
        #expect(await meter.buckets(look(15)) == [], "half of a bucket")
        pod.page = Self.page(requests: 130)
        let bucket = try #require(await meter.buckets(look(30)).first)
        for group in CanaryGroup.allCases {
            #expect(bucket[group].firstToken.count == 30 && bucket[group].requests == 30 && bucket[group].readyReplicas == 1)
            #expect(bucket[group].firstToken.sum.isFinite && bucket[group].firstToken.sum < 0)
        }
        #expect(bucket.length == .seconds(30))
        pod.page = Self.page(requests: 140)
        _ = await meter.buckets(look(45, canary: "chat-canary-2"))
        pod.page = Self.page(requests: 145)
        let exchanged = try #require(await meter.buckets(look(60, canary: "chat-canary-2")).first)
        #expect(exchanged.canary.firstToken.count == 5 && exchanged.control.firstToken.count == 15)
        await client.shutdown()
    }

    @Test("a source that is silent ends a bucket without requests, and not never")
    func silence() async throws {
        let pod = try Pod()
        let url = try #require(URL(string: pod.url))
        pod.stop()
        let client = try HTTPClient()
        let meter = try GroupMeter(
            Self.policy(.scrape(.init(urls: ["http://chat:\(try #require(url.port))/metrics"], preset: "vllm"))), client: client)
        var status = CanaryStatus(mark: nil, rollout: .settled)
        status.canary = [CanaryPod(name: "one", address: "127.0.0.1", isReady: true, isCurrent: true)]
        let start = Timestamp(nanosecondsSinceEpoch: 1_800_000_000_000_000_000)
        var buckets: [CanaryBucket] = []
        for step in 0...8 {
            buckets += await meter.buckets(
                CanaryLook(
                    experiment: UUID(uuidString: "00000000-0000-4000-8000-000000000002")!, now: start.advanced(by: .seconds(15 * step)),
                    status: status, bucketLength: .seconds(15), since: start, deadline: .seconds(5)))
        }
        #expect(buckets.map(\.length) == [.seconds(60), .seconds(60)])
        #expect(buckets.allSatisfy { $0.canary.requests == 0 && $0.control.requests == 0 && $0.control.readyReplicas == 0 })
        await client.shutdown()
    }

    @Test("restarts of replicas are counted from the first look on, by group; a replica made anew under its name begins at none")
    func restarts() async throws {
        let pod = try Pod()
        defer { pod.stop() }
        let url = try #require(URL(string: pod.url))
        let client = try HTTPClient()
        let meter = try GroupMeter(
            Self.policy(.scrape(.init(urls: ["http://chat:\(try #require(url.port))\(url.path)"], preset: "vllm"))), client: client)
        let start = Timestamp(nanosecondsSinceEpoch: 1_800_000_000_000_000_000)
        func look(_ seconds: Int, canary: (restarts: Int?, isKilled: Bool), control: Int) async -> CanaryBucket? {
            pod.page = Self.page(requests: 100 + seconds, preemptions: seconds / 10)
            var status = CanaryStatus(mark: nil, rollout: .settled)
            status.canary = [CanaryPod(name: "chat-7", address: "127.0.0.1", isReady: true, isCurrent: true)]
            status.canary[0].restarts = canary.restarts
            status.canary[0].wasKilledForMemory = canary.isKilled
            // A replica that is on its way out may do what it likes.
            status.canary.append(CanaryPod(name: "chat-6", address: nil, isReady: true, isCurrent: false))
            status.canary[1].restarts = seconds
            status.control = [CanaryPod(name: "chat-5", address: "127.0.0.1", isReady: true, isCurrent: true)]
            status.control[0].restarts = control
            return await meter.buckets(
                CanaryLook(
                    experiment: UUID(uuidString: "00000000-0000-4000-8000-000000000003")!, now: start.advanced(by: .seconds(seconds)),
                    status: status, bucketLength: .seconds(30), since: start, deadline: .seconds(5))
            ).first
        }
        // What happened before nobody looked is not of this time.
        #expect(await look(0, canary: (5, true), control: 2) == nil)
        let calm = try #require(await look(30, canary: (5, true), control: 2))
        #expect(calm.canary.restarts == 0 && calm.control.restarts == 0 && !calm.canary.wasKilledForMemory)
        #expect(calm.canary.preemptions == 3 && calm.control.preemptions == 3)
        let anew = try #require(await look(60, canary: (0, false), control: 3))
        #expect(anew.canary.restarts == 0 && anew.control.restarts == 1)
        let killed = try #require(await look(90, canary: (1, true), control: 3))
        #expect(killed.canary.restarts == 1 && killed.canary.wasKilledForMemory && killed.control.restarts == 0)
        let untold = try #require(await look(120, canary: (nil, false), control: 3))
        #expect(untold.canary.restarts == nil)
        await client.shutdown()
    }

    private static func page(requests: Int, preemptions: Int = 0) -> String {
        """
        vllm:num_preemptions_total \(preemptions)
        vllm:time_to_first_token_seconds_bucket{le="0.1"} \(requests)
        vllm:time_to_first_token_seconds_bucket{le="+Inf"} \(requests)
        vllm:time_to_first_token_seconds_sum \(Double(requests) * 0.05)
        vllm:time_to_first_token_seconds_count \(requests)
        vllm:request_success_total{finished_reason="stop"} \(requests)

        """
    }
}
