import ArgumentParser
import Control
import EpisodeStore
import Foundation
import Kubernetes
import Measurements
import Policies
import Reporting

struct RecommendCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recommend",
        abstract: "Decides once on the results of a load test and reports what to change and why. Nothing is changed.",
        discussion: """
            Exit code 1 where a limit of the objective is known to be missed.

              llm-auto-optimizer recommend --policy policies/load-test-review.yaml --import results.json
            """)

    @Option(help: ArgumentHelp("The policy file.", valueName: "file"), completion: .file(extensions: ["yaml", "yml"]))
    var policy: String

    @Option(help: ArgumentHelp("Which policy, where the file holds several.", valueName: "name"))
    var policyName: String?

    @Option(
        name: .customLong("import"), parsing: .upToNextOption,
        help: ArgumentHelp("Result files; several of one load test are taken together.", valueName: "file"), completion: .file())
    var files: [String] = []

    @Option(
        name: .customLong("run"), help: ArgumentHelp("Which run, where a file holds several; the last one unless told.", valueName: "label")
    )
    var runLabel: String?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("The setting in force of a knob, as KNOB=VALUE; may be given for several.", valueName: "setting"))
    var current: [String] = []

    @Option(help: ArgumentHelp("The target's manifest: what kubectl get … -o yaml printed.", valueName: "file"), completion: .file())
    var manifest: String?

    @Flag(help: "Keep nothing of this decision in the store.")
    var noStore = false

    @OptionGroup var importing: ImportFileOptions
    @OptionGroup var reporting: ReportOptions
    @OptionGroup var storing: StoreOptions

    func validate() throws {
        if files.isEmpty { throw ValidationError("name at least one file with --import; there is no other source yet to decide on") }
    }

    func run() throws {
        let policy = try PolicyReading.policy(file: policy, name: policyName)
        let manifest = try manifest.map { try ManifestReading.manifest(file: $0, of: policy) }
        let settings = CurrentSettings(policy: policy, given: current, manifest: manifest?.state(of: policy) ?? TargetState())
        let state = try settings.state()
        let evidence = try EvidenceReader(policy: policy, options: importing.options, run: runLabel).read(files)

        let store = noStore ? nil : try storing.open()
        let now = Timestamp.now
        let since = now.advanced(by: .zero - StoreOptions.keptFor)
        var history = try storing.guarded { try store?.history(for: policy.name, since: since) } ?? ControlHistory()
        history.learned = try storing.guarded { try store?.learned(of: policy.targetName, at: now) }
        let dryRun = DryRun(policy: policy, evidence: evidence, state: state, history: history, now: now)

        let record = CycleRecord(
            id: UUID(), origin: .recommend, toolVersion: LLMAutoOptimizer.version, policy: policy, snapshot: dryRun.snapshot,
            decision: dryRun.decision,
            changes: dryRun.decision.recommendations.map { PlannedChange($0, policy: policy, manifest: manifest) }, notes: dryRun.notes)
        let ids = try storing.guarded { try store?.recordCycle(record) } ?? dryRun.decision.recommendations.map { _ in UUID() }
        let report = RecommendationReport(record, recommendationIDs: ids, isStored: store != nil)
        try reporting.write(report)
        _ = try storing.guarded { try store?.prune(olderThan: since, maximumBytes: StoreOptions.keptBytes) }
        if report.missesObjective { throw ExitStatus.negative }
    }
}
