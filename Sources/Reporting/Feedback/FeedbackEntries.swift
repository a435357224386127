import Control
import FoundationEssentials
import Learning
import Measurements
import Policies

struct DecisionEntry: Encodable {
    let outcome: String
    let headline: String
    let reasons: [String]
}

struct AnomalyEntry: Encodable {
    let detectedAt: String
    let anomalyType: String
    let severity: String
    let description: String
    let affectedMetric: String
    let deviationMagnitude: Double

    init(_ anomaly: Anomaly) {
        detectedAt = anomaly.detectedAt.description
        anomalyType = anomaly.kind.rawValue
        severity = anomaly.severity.rawValue
        description = anomaly.description
        affectedMetric = anomaly.metric
        deviationMagnitude = abs(anomaly.deviations)
    }
}

struct ObjectiveEntry: Encodable {
    let name: String
    let kind: String
    let limit: Double
    let observed: Double?
    let met: Bool?
    let explanation: String

    init(_ objective: ObjectiveReport) {
        name = objective.name
        kind = objective.kind.rawValue
        limit = objective.limit
        observed = objective.observed
        met = objective.met
        explanation = objective.explanation
    }
}

struct TriggerEntry: Encodable {
    struct Leaf: Encodable {
        let name: String
        let truth: String
        let explanation: String
    }

    let name: String
    let type: String
    let state: String
    let explanation: String
    let conditions: [Leaf]

    init(_ trigger: TriggerReport) {
        name = trigger.name
        type = trigger.type.rawValue
        state = trigger.outcome.label
        explanation = trigger.sentence
        conditions = trigger.evaluation.leaves.map { Leaf(name: $0.name, truth: $0.truth.rawValue, explanation: $0.explanation) }
    }
}

struct ExcludedEntry: Encodable {
    let knob: String
    let from: KnobValue?
    let to: KnobValue?
    let reason: String
    let explanation: String

    init(_ excluded: ExcludedCandidate) {
        knob = excluded.knob
        from = excluded.from
        to = excluded.to
        reason = excluded.reason.rawValue
        explanation = excluded.explanation
    }
}

struct SourceEntry: Encodable {
    struct Run: Encodable {
        let label: String
        let model: String?
        let start: String?
        let durationSeconds: Double?
        let requestedRate: Double?
        let concurrency: Int?
        let completed: Int?
        let failed: Int?
        let definitions: [String: String]
        let warnings: [String]
    }

    let name: String
    let tool: String
    let digest: String
    let skippedRecords: Int
    let runs: [Run]

    init(_ source: SourceDescription) {
        name = source.name
        tool = source.tool
        digest = source.digest
        skippedRecords = source.skipped
        runs = source.runs.map { run in
            Run(
                label: run.label, model: run.model, start: run.start?.description, durationSeconds: run.duration?.seconds,
                requestedRate: run.requestedRate, concurrency: run.concurrency, completed: run.completed, failed: run.failed,
                definitions: Dictionary(uniqueKeysWithValues: run.definitions.map { ($0.key.rawValue, $0.value.rawValue) }),
                warnings: run.warnings)
        }
    }
}

struct GroupEntry: Encodable {
    let model: String
    let provider: String
    let endpoint: String
    let statistics: StatisticsEntry

    init(_ group: GroupStatistics) {
        model = group.key.model
        provider = group.key.provider
        endpoint = group.key.endpoint
        statistics = StatisticsEntry(group.statistics, nil)
    }
}
