import Measurements
import Policies
import Testing

@testable import Learning

@Suite struct ProposalRuleTests {
    static func circumstances(
        _ kind: Bottleneck.Kind = .none, missed: Set<LatencyMetric> = [], throughput: Bool = false,
        _ change: (inout OperatingPoint) -> Void = { _ in }
    ) -> Circumstances {
        var state = OperatingPoint()
        change(&state)
        return Circumstances(bottleneck: Bottleneck(kind, "evidence"), state: state, missedLatencies: missed, missesThroughput: throughput)
    }

    /// Names of the rules that apply for a trigger type.
    static func applying(_ type: TriggerType, _ circumstances: Circumstances) -> Set<String> {
        Set(ProposalRule.all.filter { $0.triggers.contains(type) && $0.applies(circumstances) != nil }.map(\.name))
    }

    @Test("a compute bottleneck scales up")
    func compute() {
        #expect(Self.applying(.latencyThreshold, Self.circumstances(.compute)) == ["compute-bound-scale-up"])
    }

    @Test("a memory bottleneck frees memory or adds replicas, and never adds sequences")
    func memory() {
        let names = Self.applying(
            .latencyThreshold,
            Self.circumstances(.memory) {
                $0.timeToFirstToken = 1; $0.queueTime = 0.9
            })
        #expect(names.contains("memory-bound-free-memory") && names.contains("memory-bound-scale-up"))
        #expect(!names.contains("waiting-at-full-slots"))
    }

    @Test("low throughput beside spare GPU time makes batches larger, beside a busy GPU it does not")
    func throughput() {
        #expect(
            Self.applying(.throughputThreshold, Self.circumstances(throughput: true) { $0.gpuUtilization = 0.4 }) == [
                "spare-compute-larger-batch"
            ])
        #expect(
            Self.applying(.throughputThreshold, Self.circumstances(throughput: true) { $0.gpuUtilization = 0.93 }) == [
                "throughput-scale-up"
            ])
    }

    @Test("waiting calls for capacity and slots, slow prefill for a larger token budget")
    func waiting() {
        let waits = Self.circumstances(missed: [.timeToFirstToken]) {
            $0.timeToFirstToken = 1; $0.queueTime = 0.8
        }
        #expect(Self.applying(.latencyThreshold, waits).isSuperset(of: ["waiting-scale-up", "waiting-at-full-slots"]))
        #expect(!Self.applying(.latencyThreshold, waits).contains("slow-prefill-larger-budget"))
        let free = Self.circumstances(missed: [.timeToFirstToken]) {
            $0.timeToFirstToken = 1
            $0.queueTime = 0.8
            $0.replicas = 1
            $0.concurrencyLimit = 32
            $0.requestsPerSecond = 10
            $0.endToEnd = 2
        }
        #expect(!Self.applying(.latencyThreshold, free).contains("waiting-at-full-slots"), "20 of 32 slots are asked for")
        let computes = Self.circumstances(missed: [.timeToFirstToken]) {
            $0.timeToFirstToken = 1; $0.queueTime = 0.1
        }
        #expect(Self.applying(.latencyThreshold, computes).contains("slow-prefill-larger-budget"))
    }

    @Test("a late first token without a named bottleneck at least considers more replicas")
    func fallback() {
        #expect(Self.applying(.latencyThreshold, Self.circumstances(missed: [.timeToFirstToken])).contains("missed-first-token-scale-up"))
        #expect(
            !Self.applying(.latencyThreshold, Self.circumstances(.network, missed: [.timeToFirstToken])).contains(
                "missed-first-token-scale-up"))
    }

    @Test("slow tokens call for smaller batches")
    func tokens() {
        #expect(Self.applying(.latencyThreshold, Self.circumstances(missed: [.timePerOutputToken])) == ["slow-decoding-smaller-batch"])
    }

    @Test("only refusals for overload add replicas", arguments: [(0.9, true), (0.2, false)])
    func errors(share: Double, scales: Bool) {
        let names = Self.applying(.errorRateThreshold, Self.circumstances { $0.overloadShareOfErrors = share })
        #expect(names.contains("overload-errors-scale-up") == scales)
    }

    @Test("idle capacity is given back only while every objective is known and met")
    func idle() {
        func applies(_ change: (inout Circumstances) -> Void) -> Bool {
            var circumstances = Self.circumstances { $0.gpuUtilization = 0.2 }
            circumstances.keepsObjective = true
            change(&circumstances)
            return Self.applying(.costEfficiency, circumstances).contains("idle-scale-down")
        }
        #expect(applies { _ in })
        #expect(!applies { $0.missedLatencies = [.timeToFirstToken] })
        #expect(!applies { $0.missesThroughput = true })
        #expect(!applies { $0.keepsObjective = false }, "an outage idles every device")
    }

    @Test("every rule has a name of its own, a trigger and a proposal")
    func wellFormed() {
        #expect(Set(ProposalRule.all.map(\.name)).count == ProposalRule.all.count)
        for rule in ProposalRule.all { #expect(!rule.triggers.isEmpty && !rule.proposals.isEmpty && rule.statement.hasSuffix(".")) }
    }
}
