import Control
import FoundationEssentials
import Learning
import Measurements
import Policies
import Statistics

/// A report as a document under the performance feedback schema, whose names are fixed; what goes beyond it stands beside.
///
/// Members are written in snake case. What is not known is left out: it is not zero.
struct FeedbackDocument: Encodable {
    let timestamp: String
    let observationWindow: ObservationWindow
    let currentState: CurrentState
    let performanceMetrics: PerformanceMetrics
    let anomalies: [AnomalyEntry]
    let recommendations: [RecommendationEntry]

    // Beyond the schema.
    let reportId: String
    let tool: String
    let policy: String
    let decision: DecisionEntry
    let objectives: [ObjectiveEntry]
    let triggers: [TriggerEntry]
    let excluded: [ExcludedEntry]
    let sources: [SourceEntry]
    let statistics: StatisticsEntry
    let groups: [GroupEntry]
    let notes: [String]

    init(_ report: RecommendationReport) {
        let snapshot = report.snapshot
        timestamp = report.decision.time.description
        observationWindow = ObservationWindow(snapshot)
        currentState = CurrentState(report)
        performanceMetrics = PerformanceMetrics(report)
        anomalies = snapshot.anomalies.map(AnomalyEntry.init)
        recommendations = report.decision.recommendations.indices.map { RecommendationEntry(report, at: $0) }
        reportId = report.id.uuidString.lowercased()
        tool = "llm-auto-optimizer \(report.toolVersion)"
        policy = report.policy.name
        decision = DecisionEntry(outcome: report.decision.outcome.rawValue, headline: report.headline, reasons: report.decision.reasons)
        objectives = report.decision.objectives.map(ObjectiveEntry.init)
        triggers = report.decision.triggers.map(TriggerEntry.init)
        excluded = report.decision.excluded.map(ExcludedEntry.init)
        sources = snapshot.sources.map(SourceEntry.init)
        statistics = StatisticsEntry(snapshot.window, snapshot.reported)
        groups = snapshot.groups.map(GroupEntry.init)
        notes = report.notes
    }
}

extension RecommendationReport {
    /// The report as JSON, valid under the performance feedback schema; members sorted by name.
    public func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return String(decoding: try encoder.encode(FeedbackDocument(self)), as: UTF8.self) + "\n"
    }
}

struct ObservationWindow: Encodable {
    let startTime: String?
    let endTime: String?
    let sampleCount: Int?

    init(_ snapshot: Snapshot) {
        startTime = snapshot.window.start?.description
        endTime = snapshot.window.end?.description
        let told = snapshot.sources.flatMap(\.runs).compactMap(\.completed)
        sampleCount = snapshot.window.requests > 0 ? snapshot.window.requests : told.isEmpty ? nil : told.reduce(0, +)
    }
}

struct CurrentState: Encodable {
    struct ModelConfig: Encodable {
        let modelName: String?
        let batchSize: Int?
        let tensorParallelSize: Int?
        let gpuMemoryUtilization: Double?
        let quantization: String?
    }

    struct DeploymentConfig: Encodable {
        let replicaCount: Int?
        /// Devices of one replica, e.g. `2 nvidia.com/gpu`.
        let gpuAllocation: String?
    }

    struct Setting: Encodable {
        let value: KnobValue
        /// How it is known: given, manifest, live or assumed.
        let origin: String
    }

    let modelConfig: ModelConfig
    let deploymentConfig: DeploymentConfig
    let settings: [String: Setting]

    init(_ report: RecommendationReport) {
        func value(_ role: Knob.Role) -> KnobValue? {
            report.policy.knobs.first { $0.role == role }.flatMap { report.snapshot.state.values[$0.name]?.value }
        }
        let models = Set(report.snapshot.groups.map(\.key.model) + report.snapshot.sources.flatMap(\.runs).compactMap(\.model)).filter {
            !$0.isEmpty
        }
        var quantization: String?
        if case .text(let name) = value(.quantization) { quantization = name }
        modelConfig = ModelConfig(
            modelName: models.count == 1 ? models.first : nil, batchSize: value(.batchSize)?.whole ?? value(.concurrency)?.whole,
            tensorParallelSize: value(.tensorParallel)?.whole, gpuMemoryUtilization: value(.memoryShare)?.numeric,
            quantization: quantization)
        deploymentConfig = DeploymentConfig(replicaCount: value(.replicas)?.whole, gpuAllocation: Self.devices(report))
        settings = report.snapshot.state.values.mapValues { Setting(value: $0.value, origin: $0.origin.rawValue) }
    }

    private static func devices(_ report: RecommendationReport) -> String? {
        for knob in report.policy.knobs {
            guard case .resource(_, let resource) = knob.place, resource.hasSuffix("/gpu"),
                let count = report.snapshot.state.values[knob.name]?.value
            else { continue }
            return "\(count) \(resource)"
        }
        return nil
    }
}

extension KnobValue {
    var whole: Int? {
        if case .integer(let value) = self { value } else { nil }
    }
}
