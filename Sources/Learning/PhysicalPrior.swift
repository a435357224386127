import Policies
import Statistics

/// What capacity and queueing say a change does, before any episode of this deployment exists.
///
/// - Queueing: requests wait in a station of `c = N · B` slots at load ρ; the mean wait is `S · ρ^(√(2(c+1)) − 1) / (c (1 − ρ))`
///   (H. Sakasegawa, Annals of the Institute of Statistical Mathematics 29 (1977) 67-75). Only the ratio of two such waits is used, on
///   top of the wait that was measured.
/// - Decoding: an iteration takes `a + b · B` for B sequences, so the time per token grows with the batch by the share
///   `B / (B + 96)`; 96 is about where weight reading and per-sequence work balance on the GPUs whose profiles are public.
/// - A model is wrong by 15 % at least, and by three quarters of what it predicts: the deviation is `max(0.15, 0.75 · |log ratio|)`. So
///   physics alone never claims more than 91 % confidence in the direction of an effect: it ranks options and proves none.
public struct PhysicalPrior: EffectEstimator {
    /// Smallest standard deviation of a predicted log ratio.
    public static let minimumDeviation = 0.15
    /// Smallest standard deviation as a share of the predicted log ratio.
    public static let relativeDeviation = 0.75
    /// Batch size at which half of an iteration depends on the batch.
    public static let balancedBatch = 96.0

    public init() {}

    public func effect(of candidate: Candidate, in state: OperatingPoint) -> PredictedEffect {
        var builder = EffectBuilder(state: state)
        if let ratio = candidate.ratio, !(1e-3...1e3).contains(ratio) {
            // No model holds across three orders of magnitude.
            builder.changeUnknown(candidate)
            return PredictedEffect(outcomes: builder.outcomes, source: .physicalPrior, reasoning: builder.reasoning)
        }
        switch candidate.role {
        case .replicas: builder.changeReplicas(candidate)
        case .concurrency, .batchSize: builder.changeConcurrency(candidate)
        case .batchTokens: builder.changeBatchTokens(candidate)
        case .memoryShare: builder.changeMemoryShare(candidate)
        case .tensorParallel: builder.changeTensorParallel(candidate)
        case .quantization: builder.changeQuantization(candidate)
        case .caching: builder.changeCaching()
        case .other: builder.changeUnknown(candidate)
        }
        builder.combineEndToEnd()
        return PredictedEffect(outcomes: builder.outcomes, source: .physicalPrior, reasoning: builder.reasoning)
    }
}

private struct EffectBuilder {
    let state: OperatingPoint
    private(set) var outcomes: [Outcome: EffectEstimate] = [:]
    private(set) var reasoning: [String] = []

    init(state: OperatingPoint) { self.state = state }

    mutating func changeReplicas(_ candidate: Candidate) {
        guard let ratio = candidate.ratio else { return }
        set(.cost, .init(logRatio: naturalLogarithm(ratio), deviation: 0))
        reasoning.append("cost follows the number of replicas: \(signed(ratio - 1))")
        predictLatency(slotRatio: ratio, batchRatio: 1 / ratio, replicaRatio: ratio)
        predictErrors(capacityRatio: ratio)
        let load = state.load ?? 0.5
        // Throughput follows capacity only as far as the pool was full, and falls only by what no longer fits.
        let gained = naturalLogarithm(ratio) * min(1, max(0, load - 0.8) / 0.2)
        set(.throughput, estimate(ratio > 1 ? gained : min(0, naturalLogarithm(ratio / load))))
    }

    mutating func changeConcurrency(_ candidate: Candidate) {
        guard let ratio = candidate.ratio else { return }
        set(.cost, .none)
        // The batch grows only as far as requests are there to fill it.
        let full = fullness
        predictLatency(slotRatio: ratio, batchRatio: power(ratio, full), replicaRatio: 1)
        let share = batchShare(decoding)
        set(.throughput, estimate(naturalLogarithm(ratio) * full * (1 - share)))
        reasoning.append("slots are \(percent(full)) full, so that much of the new limit is felt")
    }

    mutating func changeBatchTokens(_ candidate: Candidate) {
        guard let ratio = candidate.ratio else { return }
        set(.cost, .none)
        // More prompt tokens per iteration finish prefills sooner and lengthen the iterations that decode beside them.
        set(.timeToFirstToken, estimate(-0.25 * naturalLogarithm(ratio)))
        set(.timePerOutputToken, estimate(0.15 * naturalLogarithm(ratio)))
        set(.throughput, estimate(0.10 * naturalLogarithm(ratio)))
        reasoning.append("prefill and decode share each iteration's tokens: a larger budget trades time per token for time to first token")
    }

    mutating func changeMemoryShare(_ candidate: Candidate) {
        guard let from = candidate.from.numeric, let to = candidate.to.numeric, let ratio = candidate.ratio else { return }
        set(.cost, .none)
        let pressure = max(0, (state.keyValueCacheUtilization ?? 0.5) - 0.7) / 0.3
        // Weights take a fixed part, so the cache grows by more than the share does; half of a device is assumed to be weights.
        let cacheRatio = max(0.05, (to - 0.5) / max(0.05, from - 0.5))
        let felt = naturalLogarithm(from > 0.5 && to > 0.5 ? cacheRatio : ratio) * pressure
        set(.timeToFirstToken, estimate(-0.5 * felt))
        set(.timePerOutputToken, estimate(0))
        set(.throughput, estimate(0.3 * felt))
        reasoning.append("KV cache room changes by \(signed(cacheRatio - 1)); \(percent(pressure)) of it would be felt at the present fill")
    }

    mutating func changeTensorParallel(_ candidate: Candidate) {
        guard let ratio = candidate.ratio else { return }
        set(.cost, .init(logRatio: naturalLogarithm(ratio), deviation: 0))
        set(.timeToFirstToken, estimate(-0.9 * naturalLogarithm(ratio)))
        set(.timePerOutputToken, estimate(-0.8 * naturalLogarithm(ratio)))
        set(.throughput, estimate(0.9 * naturalLogarithm(ratio)))
        reasoning.append("measured kernels speed up by about the 0.8th to 0.9th power of the number of devices")
    }

    mutating func changeQuantization(_ candidate: Candidate) {
        guard let before = bitsPerWeight(candidate.from), let after = bitsPerWeight(candidate.to) else {
            changeUnknown(candidate)
            return
        }
        let ratio = after / before
        set(.cost, .none)
        set(.timePerOutputToken, estimate(0.5 * naturalLogarithm(ratio)))
        set(.timeToFirstToken, estimate(0.3 * naturalLogarithm(ratio)))
        set(.throughput, estimate(-0.4 * naturalLogarithm(ratio)))
        reasoning.append(
            "weights take \(percent(ratio)) of the memory traffic; answer quality must be checked apart, latency cannot show it")
    }

    mutating func changeCaching() {
        set(.cost, .none)
        set(.timeToFirstToken, EffectEstimate(logRatio: -0.1, deviation: 0.3))
        set(.timePerOutputToken, estimate(0))
        set(.throughput, EffectEstimate(logRatio: 0.05, deviation: 0.2))
        reasoning.append("a cache saves prefill by the share of prompts that repeat, which was not measured")
    }

    mutating func changeUnknown(_ candidate: Candidate) {
        set(.cost, .none)
        for outcome in [Outcome.timeToFirstToken, .timePerOutputToken, .throughput] {
            set(outcome, EffectEstimate(logRatio: 0, deviation: 0.3))
        }
        reasoning.append("no physical model covers \(candidate.knob): only trying it would tell")
    }

    /// - Parameters:
    ///   - slotRatio: New over old number of slots of the whole pool.
    ///   - batchRatio: New over old number of sequences decoded together in one replica.
    ///   - replicaRatio: New over old number of replicas.
    private mutating func predictLatency(slotRatio: Double, batchRatio: Double, replicaRatio: Double) {
        let share = batchShare(decoding)
        let tokenRatio = max(0.05, 1 + share * (batchRatio - 1))
        set(.timePerOutputToken, estimate(naturalLogarithm(tokenRatio)))
        reasoning.append("\(percent(share)) of a decode step depends on the batch, so time per token changes by \(signed(tokenRatio - 1))")
        guard let first = state.timeToFirstToken, first > 0 else {
            reasoning.append("the time to first token was not measured and cannot be predicted")
            return
        }
        let waiting = min(first, state.waiting ?? first * Self.assumedWaitingShare)
        let load = state.load ?? Self.assumedLoad
        let newLoad = min(0.98, load * tokenRatio / slotRatio)
        let slots = max(1, (state.replicas ?? 1) * (state.concurrencyLimit ?? 1))
        let queueing = relativeWait(load: newLoad, slots: slots * slotRatio) * tokenRatio / relativeWait(load: load, slots: slots)
        let waitRatio = min(20, max(queueing, replicaRatio == 1 ? shareStillWaiting(slotRatio: slotRatio) : 0))
        let newFirst = max(1e-6, first - waiting + waiting * waitRatio)
        let isMeasured = state.waiting != nil && state.load != nil
        set(.timeToFirstToken, estimate(naturalLogarithm(newFirst / first), atLeast: isMeasured ? 0 : Self.unmeasuredDeviation))
        if !isMeasured { reasoning.append("waiting was not measured: half of the time to first token at 80 % load is assumed") }
        reasoning.append(
            "load goes from \(percent(load)) to \(percent(newLoad)), so the wait of \(FigureText.latency(seconds: waiting)) becomes "
                + FigureText.latency(seconds: waiting * waitRatio))
    }

    /// Share of those that wait now who would still wait with more slots and no more capacity: in a deep queue as many leave it as there are
    /// new slots, and those who stay wait for the same engine. 0 where no queue is known to be deep.
    private func shareStillWaiting(slotRatio: Double) -> Double {
        guard slotRatio > 1, let asked = state.requestsPerSlot, asked >= OperatingPoint.deepQueue else { return 0 }
        return max(0, asked - slotRatio) / (asked - 1)
    }

    private static let assumedWaitingShare = 0.5
    private static let assumedLoad = 0.8
    /// Deviation of what rests on the two assumptions above.
    private static let unmeasuredDeviation = 0.5

    /// The whole request: the first token's share of it moves with the first token, the rest with the time per token.
    mutating func combineEndToEnd() {
        guard let first = outcomes[.timeToFirstToken], let perToken = outcomes[.timePerOutputToken],
            let whole = state.wholeRequest(first: first, perToken: perToken)
        else { return }
        set(.endToEnd, estimate(whole.logRatio, atLeast: whole.deviation))
    }

    /// A full pool turns away what exceeds its capacity; other errors do not depend on it.
    private mutating func predictErrors(capacityRatio: Double) {
        guard let rate = state.errorRate, rate > 0, let overload = state.overloadShareOfErrors else { return }
        let refused = rate * overload
        let remaining = max(0, 1 - (1 - refused) * capacityRatio)
        let newRate = max(rate * 0.05, rate - refused + min(remaining, capacityRatio > 1 ? refused : 1))
        set(.errorRate, estimate(naturalLogarithm(newRate / rate)))
        reasoning.append(
            "\(percent(overload)) of the errors are refusals, so the error rate goes from \(percent(rate)) to \(percent(newRate))")
    }

    /// Sakasegawa's wait in units of the service time.
    private func relativeWait(load: Double, slots: Double) -> Double {
        let load = max(load, 1e-3)
        return power(load, (2 * (slots + 1)).squareRoot() - 1) / (slots * (1 - load))
    }

    /// Sequences decoded together in one replica.
    private var decoding: Double {
        let limit = state.concurrencyLimit ?? .infinity
        return min(max(1, state.inFlightPerReplica ?? 16), limit)
    }

    /// Share of the slots that is taken, in `0...1`; where their number is unknown, a pool with a queue is full.
    private var fullness: Double {
        if let asked = state.shareOfSlotsAsked { return min(1, asked) }
        return state.waitingShare.map { $0 > 0.5 ? 1 : 0.5 } ?? 0.5
    }

    private func batchShare(_ batch: Double) -> Double { batch / (batch + PhysicalPrior.balancedBatch) }

    private func estimate(_ logRatio: Double, atLeast floor: Double = 0) -> EffectEstimate {
        EffectEstimate(
            logRatio: logRatio, deviation: max(PhysicalPrior.minimumDeviation, PhysicalPrior.relativeDeviation * abs(logRatio), floor))
    }

    private mutating func set(_ outcome: Outcome, _ estimate: EffectEstimate) { outcomes[outcome] = estimate }

    private func bitsPerWeight(_ value: KnobValue) -> Double? {
        guard case .text(let name) = value else { return nil }
        switch name.lowercased() {
        case "none", "fp16", "bf16", "float16", "bfloat16": return 16
        case "fp8", "int8", "w8a8", "q8_0": return 8
        case "int4", "awq", "gptq", "w4a16", "q4_0", "q4_k_m": return 4
        default: return nil
        }
    }

    private func percent(_ ratio: Double) -> String { FigureText.percent((ratio * 100).rounded() / 100) }
    private func signed(_ change: Double) -> String { (change < 0 ? "−" : "+") + percent(abs(change)) }
}
