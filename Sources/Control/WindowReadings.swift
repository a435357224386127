public import Measurements
public import Policies
import Statistics

/// Answers questions from measurements.
struct WindowReadings: ReadingSource {
    let windows: MeasurementWindows
    let end: Timestamp?
    /// Length of a run that is evaluated as a whole; `nil` for sliding windows.
    let whole: Duration?
    /// Whether `end` is now, so that a figure has an age; an imported run ends with its newest measurement.
    var isLive = false
    let policy: Policy
    let state: TargetState

    func reading(_ query: MetricQuery, over window: Duration) -> Reading {
        let sample = sample(over: window)
        var reading = reading(query, sample, window)
        if isLive, let end, case .value(var value) = reading, let newest = [sample.lastEnd, sample.lastSent].compactMap(\.self).max() {
            value.age = max(.zero, end.since(newest).duration)
            reading = .value(value)
        }
        return reading
    }

    private func reading(_ query: MetricQuery, _ sample: StatisticsAccumulator, _ window: Duration) -> Reading {
        switch query {
        case .latency(let metric, let statistic): return latency(metric, statistic, sample, window)
        case .throughput: return throughput(sample, window)
        case .tokensPerSecond: return tokensPerSecond(sample, window)
        case .utilization(let metric): return mean(sample.distribution(of: metric), window)
        case .errorRate: return share(sample.failed, of: sample.requests, window)
        case .consecutiveFailures: return count(sample.consecutiveFailures, sample, window)
        case .objectiveViolations:
            return policy.latencyLimits.isEmpty ? .unknown(.missing) : count(sample.compliance.violations, sample, window)
        case .burnRate: return burnRate(sample, window)
        case .costPerThousandTokens: return cost(sample, window)
        case .anomaly(let metric): return anomaly(metric, window)
        case .queueDepth, .signal: return .unknown(.missing)
        }
    }

    private func sample(over window: Duration) -> StatisticsAccumulator {
        guard whole == nil, let end else { return windows.whole }
        return windows.window(endingAt: end, length: window)
    }

    private func value(_ value: Double, samples: Int, _ window: Duration) -> Reading.Value {
        var result = Reading.Value(value, samples: samples)
        if let whole, whole < window { result.covers = whole }
        return result
    }

    private func latency(
        _ metric: LatencyMetric, _ statistic: LatencyStatistic, _ sample: StatisticsAccumulator, _ window: Duration
    ) -> Reading {
        let distribution = sample.distribution(of: metric)
        guard distribution.count > 0 else { return absent(distribution) }
        // One request has many gaps; what makes a sample large is the number of requests behind them.
        let samples = min(distribution.count, sample.requests - sample.failed)
        switch statistic {
        case .mean: return mean(distribution, window, samples: samples)
        case .percentile(let level):
            guard let observed = distribution.value(at: level), let bounds = distribution.bounds(at: level) else {
                return absent(distribution)
            }
            var result = value(observed, samples: samples, window)
            result.lower = bounds.lowerBound.isFinite ? bounds.lowerBound : nil
            result.upper = bounds.upperBound.isFinite ? bounds.upperBound : nil
            return .value(result)
        }
    }

    private func mean(_ distribution: Distribution, _ window: Duration, samples: Int? = nil) -> Reading {
        guard distribution.count > 0 else { return absent(distribution) }
        var result = value(distribution.moments.mean, samples: samples ?? distribution.count, window)
        if distribution.notFiniteCount > 0 {  // One unknown reading can move a mean anywhere.
            result.lower = nil
            result.upper = nil
        }
        return .value(result)
    }

    private func absent(_ distribution: Distribution) -> Reading {
        .unknown(distribution.notFiniteCount > 0 ? .notFinite(count: distribution.notFiniteCount) : .missing)
    }

    /// The time a window's rate is per: the run's length, or the part of the window since the first measurement.
    private func seconds(_ window: Duration) -> Double {
        if let whole { return whole.inSeconds }
        guard let end, let first = windows.whole.firstSent else { return window.inSeconds }
        return min(window.inSeconds, end.since(first).seconds)
    }

    private func rate(_ amount: Double, _ sample: StatisticsAccumulator, _ window: Duration) -> Reading {
        let seconds = seconds(window)
        guard seconds > 0 else { return .unknown(.missing) }
        return .value(value(amount / seconds, samples: sample.requests, window))
    }

    /// Where nothing was seen but our own probes, what users send is not known.
    private func throughput(_ sample: StatisticsAccumulator, _ window: Duration) -> Reading {
        guard sample.requests == 0 || sample.workload.requests > 0 else { return .unknown(.missing) }
        return rate(Double(sample.workload.answered), sample, window)
    }

    private func tokensPerSecond(_ sample: StatisticsAccumulator, _ window: Duration) -> Reading {
        let tokens = sample.workload.outputTokens
        guard tokens.requests > 0 else {
            return .unknown(tokens.notFiniteCount > 0 ? .notFinite(count: tokens.notFiniteCount) : .missing)
        }
        return rate(Double(tokens.total), sample, window)
    }

    private func share(_ part: Int, of total: Int, _ window: Duration) -> Reading {
        total > 0 ? .value(value(Double(part) / Double(total), samples: total, window)) : .unknown(.missing)
    }

    private func count(_ count: Int, _ sample: StatisticsAccumulator, _ window: Duration) -> Reading {
        sample.requests > 0 ? .value(value(Double(count), samples: sample.requests, window)) : .unknown(.missing)
    }

    private func burnRate(_ sample: StatisticsAccumulator, _ window: Duration) -> Reading {
        let budget = 1 - policy.objective.attainment
        guard budget > 0, let attainment = sample.compliance.attainment else { return .unknown(.missing) }
        return .value(value((1 - attainment) / budget, samples: sample.compliance.met + sample.compliance.violations, window))
    }

    private func cost(_ sample: StatisticsAccumulator, _ window: Duration) -> Reading {
        guard let cost = policy.cost, let replicas = policy.replicas(in: state),
            case .value(let tokens) = tokensPerSecond(sample, window), tokens.value > 0
        else { return .unknown(.missing) }
        let perSecond = cost.perReplicaHour * replicas / 3_600
        return .value(value(perSecond / tokens.value * 1_000, samples: sample.requests, window))
    }

    private func anomaly(_ metric: AnomalyMetric, _ window: Duration) -> Reading {
        guard let end, let deviations = deviationOfNewest(of: metric, in: windows, endingAt: end, length: window) else {
            return .unknown(.missing)
        }
        return .value(value(deviations, samples: windows.window(endingAt: end, length: window).requests, window))
    }
}

extension Policy {
    /// The limits each single request is judged by.
    public var latencyLimits: [LatencyLimit] {
        objective.latencies.map { LatencyLimit(metric: $0.metric, limit: Nanoseconds(seconds: $0.limit.inSeconds)) }
    }

    /// Replicas in force, where a knob tells.
    func replicas(in state: TargetState) -> Double? {
        knobs.first { $0.role == .replicas }.flatMap { state.values[$0.name]?.value.numeric }
    }
}
