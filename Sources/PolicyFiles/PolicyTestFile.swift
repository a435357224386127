internal import Documents
internal import Measurements
internal import Policies

/// Runs the tests of a file against the policies it names.
///
/// - Parameters:
///   - bytes: The test file.
///   - file: Its path; policy files are looked for beside it.
///   - decider: Makes the recommendations that tests expect; without one these expectations are skipped, and the report says so.
///   - load: Reads a policy file.
public func runPolicyTests(
    _ bytes: [UInt8], file: String, decider: (any PolicyTestDecider)? = nil, load: (_ path: String) throws -> [UInt8]
) -> PolicyTestReport {
    var checker = ShapeChecker(log: DiagnosticLog(file: file))
    var report = PolicyTestReport(file: file, results: [], problems: "")
    let source = SourceText(String(decoding: bytes.prefix(DocumentLimits.yaml.bytes), as: UTF8.self))
    do {
        let node = try bytes.withUnsafeBytes {
            try YAMLDocument.parse($0, limits: DocumentLimits(bytes: 1 << 20, depth: 50, nodes: 100_000))
        }
        guard let root = checker.check(node, as: .object(PolicyTestShape.file), of: "tests")?.object else {
            report.problems = source.rendered(checker.log.report)
            return report
        }
        var reader = PolicyTestReader(log: checker.log, file: file, root: root)
        let (tests, problems) = reader.tests(load: load)
        report.problems = ([problems] + [source.rendered(reader.log.report)]).filter { !$0.isEmpty }.joined(separator: "\n")
        if report.problems.isEmpty { report.results = tests.map { $0.run(decider: decider) } }
    } catch {
        report.problems = source.rendered(Diagnostic(error, file: file))
    }
    return report
}

/// Turns a checked test file into tests.
struct PolicyTestReader {
    var log: DiagnosticLog
    let file: String
    let root: ParsedObject

    mutating func tests(load: (String) throws -> [UInt8]) -> (tests: [PolicyTest], problems: String) {
        var policies: [Policy] = []
        var problems: [String] = []
        for item in root.list("policies") ?? [] {
            guard let name = item.text else { continue }
            do {
                let parse = parsePolicies(try load(resolved(name)), file: resolved(name))
                if parse.isValid { policies += parse.policies } else { problems.append(parse.report) }
            } catch {
                log.error(item.place, "cannot read the policy file '\(resolved(name))': \(error)")
            }
        }
        guard problems.isEmpty, !log.hasErrors else { return ([], problems.joined(separator: "\n")) }
        return ((root.list("tests") ?? []).compactMap(\.object).compactMap { test($0, policies) }, "")
    }

    private func resolved(_ path: String) -> String {
        guard !path.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return path }
        return file[...slash] + path
    }

    private mutating func test(_ object: ParsedObject, _ policies: [Policy]) -> PolicyTest? {
        guard let policy = policy(object, policies) else { return nil }
        let interval = object.duration("interval") ?? root.duration("interval") ?? policy.monitor.interval
        var test = PolicyTest(
            name: object.text("name") ?? "", line: object.place.line, policy: policy, interval: interval, start: start(object),
            series: series(object), knobs: knobs(object, policy))
        test.changes = (object.list("changes") ?? []).compactMap(\.object).compactMap { change($0, policy) }.sorted { $0.at < $1.at }
        test.expectations = (object.list("expect") ?? []).compactMap(\.object).compactMap { expectation($0, policy) }.sorted {
            $0.at < $1.at
        }
        if let last = test.expectations.last, last.at / interval > Double(SeriesNotation.mostPoints) {
            log.error(last.place, "more than \(SeriesNotation.mostPoints) intervals of \(FigureText.duration(interval)) from the start")
            return nil
        }
        return test
    }

    private mutating func policy(_ object: ParsedObject, _ policies: [Policy]) -> Policy? {
        guard let name = object.text("policy") else {
            if policies.count == 1 { return policies.first }
            log.error(object.place, "the files have \(policies.count) policies; say which one with 'policy'")
            return nil
        }
        if let policy = policies.first(where: { $0.name == name }) { return policy }
        let suggestion = Suggestion.closest(to: name, among: policies.map(\.name))
        log.error(object.place(of: "policy"), "no policy is named '\(name)' in these files", suggestion: suggestion)
        return nil
    }

    private mutating func start(_ object: ParsedObject) -> Timestamp {
        let usual = Timestamp(secondsSinceEpoch: 1_767_225_600)  // 2026-01-01T00:00:00Z
        guard let text = object.text("start") else { return usual }
        guard let time = Timestamp(iso8601: text) else {
            log.error(
                object.place(of: "start"), "'start': expected a time such as 2026-01-01T00:00:00Z, found '\(QuantityText.shown(text))'")
            return usual
        }
        return time
    }

    private mutating func series(_ object: ParsedObject) -> [SeriesName: WrittenSeries] {
        var series: [SeriesName: WrittenSeries] = [:]
        for entry in object.object("series")?.entries ?? [] {
            let fields = entry.value.object
            let text = fields?.text("values") ?? entry.value.text ?? ""
            let samples = fields?.integer("samples") ?? object.integer("samples") ?? 1_000
            var place = entry.keyPlace
            do {
                let name = try SeriesName(entry.key)
                place = fields?.place(of: "values") ?? entry.value.place
                series[name] = WrittenSeries(points: try SeriesNotation.points(text, unit: SeriesUnit(name.query)), samples: samples)
            } catch {
                log.error(place, "'\(entry.key)': \(error.message)", suggestion: error.suggestion)
            }
        }
        return series
    }

    private mutating func knobs(_ object: ParsedObject, _ policy: Policy) -> [String: KnobValue] {
        var values = Dictionary(uniqueKeysWithValues: policy.knobs.map { ($0.name, $0.assumed ?? $0.domain.first) })
        for entry in object.object("state")?.entries ?? [] {
            guard let value = entry.value.scalar else { continue }
            if values[entry.key] == nil {
                let suggestion = Suggestion.closest(to: entry.key, among: policy.knobs.map(\.name))
                log.error(entry.keyPlace, "the policy has no knob '\(entry.key)'", suggestion: suggestion)
            }
            values[entry.key] = value
        }
        return values
    }

    private mutating func change(_ object: ParsedObject, _ policy: Policy) -> PolicyTest.Change? {
        guard let at = object.duration("at"), let name = object.text("trigger") else { return nil }
        checkTrigger(name, object.place(of: "trigger"), policy)
        return .init(at: at, trigger: name, reason: object.choice("outcome") ?? .adjusted)
    }

    private mutating func checkTrigger(_ name: String, _ place: Place, _ policy: Policy) {
        guard !policy.triggers.contains(where: { $0.name == name }) else { return }
        log.error(
            place, "the policy has no trigger '\(name)'", suggestion: Suggestion.closest(to: name, among: policy.triggers.map(\.name)))
    }

    private mutating func expectation(_ object: ParsedObject, _ policy: Policy) -> PolicyTest.Expectation? {
        guard let at = object.duration("at") else { return nil }
        var expectation = PolicyTest.Expectation(at: at, place: object.place)
        for entry in object.object("triggers")?.entries ?? [] {
            checkTrigger(entry.key, entry.keyPlace, policy)
            expectation.triggers.append(.init(name: entry.key, label: entry.value.text ?? "", place: entry.keyPlace))
        }
        if let list = object.list("recommends") {
            expectation.recommendsPlace = object.writtenKeys["recommends"]
            expectation.recommends = list.compactMap(\.object).map { item in
                .init(knob: item.text("knob") ?? "", value: item.entry("value")?.value.scalar, direction: item.choice("direction"))
            }
        }
        if !object.has("triggers"), !object.has("recommends") { log.error(object.place, "an expectation needs 'triggers' or 'recommends'") }
        return expectation
    }
}

extension Knob.Domain {
    fileprivate var first: KnobValue {
        switch self {
        case .range(let min, _, _): .integer(min)
        case .values(let values): values.first ?? .integer(0)
        }
    }
}
