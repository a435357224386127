import BackTesting
import Baselines
import FoundationEssentials
import Measurements
import Scaling
import Simulation
import Testing

/// Recorded trials by name, to look at what a change of the planner does, in a release build: `DAYS=m-large:0,m-large:1,hour,code`, with
/// `COLD=45` other starts than of 150 s, with `DRAW=1` another draw of what was not recorded, with `HOURS=1` hour by hour, with
/// `AGAINST=hpa:target=40,fixed:replicas=6` beside baselines, with `SETTINGS={"price":20}` under other settings.
@Suite("The planner on recorded trials by name", .enabled(if: !NamedTrial.all.isEmpty, "DAYS=MODEL:DAY,hour,code"))
struct PlannerDaysTests {
    @Test("a trial", arguments: NamedTrial.all)
    func trial(_ named: NamedTrial) throws {
        let trial = try named.trial()
        var planner = WatchedPlanner(try NamedTrial.planner())
        let score = trial.run(&planner)
        if NamedTrial.tellsHours { planner.printHours() }
        print("DAY \(named): \(score.summary), \(ScalingScore.text(planner.millisecondsPerTick)) ms a tick")
        let context = BaselineContext(profile: trial.setup.profile, settings: trial.setup.settings, replicaRange: trial.replicaRange)
        for name in NamedTrial.baselines {
            var scaler = try Baseline.named(name, for: context)
            print("DAY \(named) \(name): \(trial.run(&scaler).summary)")
        }
        #expect(score.arrived > 0)
    }
}

struct NamedTrial: Sendable, CustomStringConvertible {
    let description: String

    private static var environment: [String: String] { ProcessInfo.processInfo.environment }
    private static func list(_ name: String) -> [String] { (environment[name] ?? "").split(separator: ",").map(String.init) }

    static let all = list("DAYS").map(NamedTrial.init(description:))
    static let baselines = list("AGAINST")
    static let tellsHours = environment["HOURS"] != nil
    private static let coldStart = environment["COLD"].flatMap(Double.init) ?? 150
    private static let draw = environment["DRAW"].flatMap(UInt64.init) ?? 0

    func trial() throws -> ScalingTrial {
        if description == "hour" { return try RecordedTrials.hour(coldStart: Self.coldStart) }
        if description == "code" { return try RecordedTrials.code(coldStart: Self.coldStart) }
        let parts = description.split(separator: ":")
        let day = try #require(parts.count == 2 ? Int(parts[1]) : nil, "expected MODEL:DAY, hour or code, found \(description)")
        try #require((0...6).contains(day), "days 0 to 6 are recorded, not \(day)")
        return try RecordedTrials.day(day, of: String(parts[0]), coldStart: Self.coldStart, draw: Self.draw)
    }

    static func planner() throws -> ReplicaPlanner {
        let planner = RecordedTrials.planner(coldStart: coldStart)
        guard let changed = environment["SETTINGS"] else { return planner }
        var fields = try JSONDecoder().decode([String: Field].self, from: JSONEncoder().encode(planner.settings))
        fields.merge(try JSONDecoder().decode([String: Field].self, from: Data(changed.utf8))) { $1 }
        return ReplicaPlanner(try JSONDecoder().decode(PlannerSettings.self, from: JSONEncoder().encode(fields)))
    }
}

/// What a setting may be in JSON.
private indirect enum Field: Codable {
    case number(Double), text(String), flag(Bool), list([Field]), object([String: Field])

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let flag = try? value.decode(Bool.self) {
            self = .flag(flag)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let list = try? value.decode([Field].self) {
            self = .list(list)
        } else {
            self = .object(try value.decode([String: Field].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        switch self {
        case .number(let number): try value.encode(number)
        case .text(let text): try value.encode(text)
        case .flag(let flag): try value.encode(flag)
        case .list(let list): try value.encode(list)
        case .object(let object): try value.encode(object)
        }
    }
}

/// Counts by the hour what its planner expected and what came.
private struct WatchedPlanner: ReplicaScaler {
    private var planner: ReplicaPlanner
    private var hours: [Hour] = []
    private var planning = Duration.zero
    private var ticks = 0

    var millisecondsPerTick: Double { planning / .milliseconds(max(1, ticks)) }

    private struct Hour {
        var periods = 0.0
        var finished = 0
        var missed = 0
        /// Sums over the periods.
        var expectedLate = 0.0
        var demand = 0.0
        var replicas = 0.0
        var price = 0.0
    }

    init(_ planner: ReplicaPlanner) { self.planner = planner }

    var name: String { planner.name }
    var period: Nanoseconds { planner.period }

    mutating func replicas(after observation: ScalingObservation) -> Int {
        let start = ContinuousClock.now
        let plan = planner.plan(after: observation)
        planning += ContinuousClock.now - start
        ticks += 1
        let hour = Int(max(0, observation.time.seconds - 1) / 3_600)
        while hours.count <= hour { hours.append(Hour()) }
        hours[hour].periods += 1
        hours[hour].finished += observation.finished.count
        hours[hour].missed += observation.finished.missed
        hours[hour].expectedLate += plan.lateShare
        hours[hour].demand += plan.seenDemand
        hours[hour].replicas += Double(plan.replicas)
        hours[hour].price += plan.price
        return plan.replicas
    }

    func printHours() {
        for (number, hour) in hours.enumerated() {
            let late = 100 * Double(hour.missed) / Double(max(1, hour.finished))
            print(
                "\(number) h: \(ScalingScore.text(late)) % late, \(ScalingScore.text(100 * hour.expectedLate / hour.periods)) % expected, "
                    + "demand \(ScalingScore.text(hour.demand / hour.periods)), "
                    + "replicas \(ScalingScore.text(hour.replicas / hour.periods)), price \(ScalingScore.text(hour.price / hour.periods))")
        }
    }
}
