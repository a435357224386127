import Control
import Measurements
import Policies
import Statistics
import Telemetry
import Testing
import Transport

@Suite("Sources of one group of a canary")
struct CanaryGroupSourcesTests {
    static let group = [
        CanaryPod(name: "chat-canary-7f.2", address: "10.244.0.7", isReady: true, isCurrent: true),
        CanaryPod(name: "chat-canary-7f-3", address: "fd00::3", isReady: true, isCurrent: true),
        CanaryPod(name: "starting", address: "10.244.0.9", isReady: false, isCurrent: true),
        CanaryPod(name: "former", address: "10.244.0.8", isReady: true, isCurrent: false),
    ]
    static let question = PolicyQuestion(.tokensPerSecond, over: .seconds(60))

    @Test("Prometheus is asked about the pods that count, by name, and a dot in a name is a dot")
    func queries() throws {
        let all = try PresetQueries(.named("vllm")!, selector: ["namespace": "llm"])
        let queries = try #require(all.limited(to: Self.group))
        #expect(
            queries.query(for: Self.question)
                == #"sum(rate(vllm:generation_tokens_total{namespace="llm",pod=~"chat-canary-7f-3|chat-canary-7f[.]2"}[1m]))"#)
        #expect(queries.counters?.hasSuffix(#",namespace="llm",pod=~"chat-canary-7f-3|chat-canary-7f[.]2"}"#) == true)
        #expect(all.query(for: Self.question) == #"sum(rate(vllm:generation_tokens_total{namespace="llm"}[1m]))"#)
    }

    @Test("a group without pods that count is no question about everybody")
    func nobody() async throws {
        let pending = Array(Self.group.suffix(2))
        #expect(try PresetQueries(.named("vllm")!).limited(to: pending) == nil)
        let transport = try HTTPClient()
        #expect(ScrapeSource(name: "canary", group: pending, port: 8000, preset: .named("vllm")!, transport: transport) == nil)
        #expect(ScrapeSource(name: "canary", group: Self.group, port: 8000, preset: .named("vllm")!, transport: transport) != nil)
        await transport.shutdown()
    }

    @Test("pages are found at the pods' addresses, of either family")
    func pages() {
        #expect(
            Self.group.prefix(2).map { $0.metricsPage(port: 8000) } == ["http://10.244.0.7:8000/metrics", "http://[fd00::3]:8000/metrics"])
        #expect(CanaryPod(name: "new", address: nil, isReady: false, isCurrent: true).metricsPage(port: 8000) == nil)
    }
}
