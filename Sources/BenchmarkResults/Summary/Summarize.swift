public import Measurements
import Statistics

extension BenchmarkSummary {
    /// The figures of a run. A pure function: the same run and options give the same summary.
    public init(_ run: BenchmarkRun, options: SummaryOptions = SummaryOptions()) {
        let stages = run.stages.map { StageSummary($0, in: run, options: options) }
        self.init(run, objective: options.objective, stages: stages, warnings: RunWarnings.texts(run, stages: stages))
    }
}

extension StageSummary {
    init(_ stage: BenchmarkStage, in run: BenchmarkRun, options: SummaryOptions) {
        let part = MeasuredPart(stage, discardsStartUp: options.discardsStartUp)
        let whole = LoadSummary(group: nil, part.records, part: part, run: run, options: options)
        var members: [RequestGroup: [RequestRecord]] = [:]
        for record in part.records { members[record.group, default: []].append(record) }
        let groups = members.sorted { $0.key < $1.key }.map { group, records in
            // The only group is the whole, whose figures are there already.
            members.count == 1 ? whole.named(group) : LoadSummary(group: group, records, part: part, run: run, options: options)
        }
        self.init(
            label: stage.label, load: stage.load, duration: stage.duration, whole: whole, groups: groups, steadyState: part.steadyState,
            pressure: stage.pressure, warnings: [])
        warnings = StageWarnings.texts(self, calibration: run.calibration)
    }
}

extension RequestRecord {
    var group: RequestGroup { RequestGroup(provider: measurement.provider, model: measurement.model, scenario: scenario) }
}

/// The requests of a stage that its figures are of: without warm-up and, where asked for, without the start-up.
struct MeasuredPart {
    /// In the order of the schedule.
    let records: [RequestRecord]
    let stage: BenchmarkStage
    let warmUp: Int
    let discarded: Int
    /// When it began, on the clock of the run.
    let start: Nanoseconds
    let steadyState: SteadyStateFinding?

    init(_ stage: BenchmarkStage, discardsStartUp: Bool) {
        self.stage = stage
        let measured = stage.records.filter { !$0.isWarmUp }.sorted { $0.moments.intended < $1.moments.intended }
        warmUp = stage.records.count - measured.count
        let begin = warmUp > 0 ? measured.first?.moments.intended ?? Nanoseconds(0) : Nanoseconds(0)
        let settled = measured.filter { $0.scheduledEndToEnd != nil }
        let finding = StartUpTruncation(settled.compactMap { $0.scheduledEndToEnd?.seconds })
        let first = finding.flatMap { settled.dropFirst($0.discarded).first?.moments.intended } ?? begin
        let cut = measured.firstIndex { $0.moments.intended >= first } ?? 0
        let discards = discardsStartUp && finding?.isReached == true
        steadyState = finding.map {
            SteadyStateFinding(startUpRequests: cut, startUpTime: first - begin, isReached: $0.isReached, isDiscarded: discards && cut > 0)
        }
        records = discards ? Array(measured[cut...]) : measured
        discarded = discards ? cut : 0
        start = discards && cut > 0 ? first : begin
    }

    var span: Nanoseconds { max(Nanoseconds(0), stage.duration - start) }
}
