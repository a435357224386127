import Measurements

/// What needs no statistics, or hardly any, in a canary: crashes, failures, silence, a cache that is too small.
struct CanaryAlarms {
    private let terms: CanaryTerms
    private let usualEndToEnd: Duration?
    private var canary = Totals()
    private var control = Totals()
    private var observed = Duration.zero
    private var silence = Duration.zero
    private var arrivalsInSilence = 0
    private var detector = FailureDetector(tolerated: 0)
    private var tolerated = 0.0

    private struct Totals {
        var requests = 0
        var failed = 0
        var preemptions: Int?
        var restarts: Int?
        var wasKilledForMemory = false
        var rolloutFailed = false

        mutating func add(_ bucket: GroupBucket) {
            requests += bucket.requests
            failed += bucket.failed
            preemptions = Self.sum(preemptions, bucket.preemptions)
            restarts = Self.sum(restarts, bucket.restarts)
            wasKilledForMemory = wasKilledForMemory || bucket.wasKilledForMemory
            rolloutFailed = rolloutFailed || bucket.rolloutFailed
        }

        private static func sum(_ one: Int?, _ other: Int?) -> Int? { one == nil ? other : one.map { $0 + (other ?? 0) } }
    }

    init(before buckets: [CanaryBucket], terms: CanaryTerms) {
        self.terms = terms
        let answered = buckets.reduce(0) { $0 + $1.canary.requests - $1.canary.failed + $1.control.requests - $1.control.failed }
        let seconds = buckets.reduce(0) { $0 + $1.canary.endToEndSeconds + $1.control.endToEndSeconds }
        usualEndToEnd = answered > 0 && seconds.isFinite ? .seconds(fractional: min(seconds / Double(answered), 3_600)) : nil
    }

    /// - Parameter countsSilence: Not while replicas of the canary are being replaced.
    mutating func observe(_ bucket: CanaryBucket, countsSilence: Bool = true) {
        observed += bucket.length
        canary.add(bucket.canary)
        control.add(bucket.control)
        let limits = terms.tripwires
        // An outage that strikes both groups after hours of calm is not the canary's fault.
        tolerated = max(
            limits.toleratedErrorRate(failedBefore: control.failed, requestsBefore: control.requests),
            limits.toleratedErrorRate(failedBefore: bucket.control.failed, requestsBefore: max(bucket.control.requests, 200)))
        detector.observe(failed: bucket.canary.failed, requests: bucket.canary.requests, tolerated: tolerated)
        let isSilent = countsSilence && bucket.canary.isTold && bucket.canary.requests == bucket.canary.failed
        silence = isSilent ? silence + bucket.length : .zero
        // With equal shares, the control group's answers tell that requests come.
        arrivalsInSilence = isSilent ? arrivalsInSilence + (bucket.canary.arrivals ?? bucket.control.requests) : 0
    }

    var tripwire: Tripwire? {
        var facts = ObservationFacts()
        facts.restarts = canary.restarts
        facts.wasKilledForMemory = canary.wasKilledForMemory
        facts.rolloutFailed = canary.rolloutFailed
        facts.sinceLastAnswer = silence
        facts.arrivalsSinceLastAnswer = arrivalsInSilence
        facts.usualEndToEnd = usualEndToEnd
        if observed > .zero {
            facts.preemptionsPerSecond = canary.preemptions.map { Double($0) / observed.inSeconds }
            facts.preemptionsPerSecondBefore = control.preemptions.map { Double($0) / observed.inSeconds }
        }
        if let tripwire = Verification.tripwire(facts, limits: terms.tripwires) { return tripwire }
        guard detector.isTripped(terms.tripwires) else { return nil }
        return .errors(failed: canary.failed, requests: canary.requests, tolerated: tolerated)
    }

    var errors: VerificationFinding.ErrorFinding {
        .init(
            requestsBefore: control.requests, failedBefore: control.failed, requests: canary.requests, failed: canary.failed,
            tolerated: tolerated)
    }
}
