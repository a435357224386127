public import Control
import Measurements
import Policies

/// A Prometheus server as a source: answers questions with queries, and gives the totals of the time since the last call as a block.
public actor PrometheusSource: MeasurementSource {
    public nonisolated let name: String
    private let client: PromQLClient
    private let queries: PresetQueries?
    private let own: [String: String]
    private var counters = CounterIncrease()
    private var countedUntil: Timestamp?
    private var meter: LoadMeter?

    /// Queries that are under way at once.
    static let concurrentQueries = 4

    /// - Parameter own: PromQL of the user by the name of the figure it answers; goes before the preset's.
    public init(name: String, client: PromQLClient, queries: PresetQueries?, own: [String: String] = [:]) {
        self.name = name
        self.client = client
        self.queries = queries
        self.own = own
        meter = queries.flatMap { LoadMeter($0.preset) }
    }

    public func deliver(_ request: DeliveryRequest) async -> Delivery {
        let plan = QueryPlan(questions: request.questions, queries: queries, own: own, asksLoad: request.loadLimits != nil)
        let answers = await ask(plan.texts, deadline: request.deadline)
        var delivery = Delivery(readings: plan.readings(answers), faults: faults(answers))
        if let block = block(answers, plan, now: request.now) { delivery.blocks = [block] }
        delivery.load = load(answers, plan, request)
        return delivery
    }

    private func ask(_ texts: [String], deadline: Duration) async -> [String: QueryAnswer] {
        let client = client
        let clock = ContinuousClock()
        let end = clock.now.advanced(by: deadline)
        return await withTaskGroup(of: (String, QueryAnswer).self) { group in
            var answers: [String: QueryAnswer] = [:]
            var waiting = texts[...]
            func start() {
                guard let text = waiting.popFirst() else { return }
                group.addTask {
                    let left = clock.now.duration(to: end)
                    guard left > .zero else { return (text, .failure(.unreachable("no answer within \(PromQL.duration(deadline))"))) }
                    do throws(PromQLError) {
                        return (text, .success(try await client.query(text, deadline: left)))
                    } catch {
                        return (text, .failure(error))
                    }
                }
            }
            for _ in 0..<Self.concurrentQueries { start() }
            for await (text, answer) in group {
                answers[text] = answer
                start()
            }
            return answers
        }
    }

    /// One sentence for each reason, with the number of queries it met. A server that cannot be reached is one reason, in whatever words.
    private func faults(_ answers: [String: QueryAnswer]) -> [String] {
        var reasons: [String: [String]] = [:]
        for case .failure(let error) in answers.values {
            if case .unreachable = error {
                reasons["", default: []].append(error.description)
            } else {
                reasons[error.description, default: []].append(error.description)
            }
        }
        let address = ForeignText.addressWithoutSecrets(client.url)
        return reasons.sorted { $0.key < $1.key }.prefix(5).map { _, texts in
            "Prometheus at \(address) did not answer \(texts.count) of \(answers.count) queries: \(texts.min() ?? "")."
        }
    }

    /// What was counted between the newest samples of the last call and those of this one.
    private func block(_ answers: [String: QueryAnswer], _ plan: QueryPlan, now: Timestamp) -> LatencyBlock? {
        guard let preset = queries?.preset, let text = plan.counters, case .success(let result)? = answers[text], !result.series.isEmpty
        else { return nil }
        let newest = now.advanced(by: .zero - (plan.age(answers) ?? .zero))
        if let countedUntil, newest.since(countedUntil).seconds < 1 { return nil }  // The server has not looked again.
        let increase = counters.look(result.bySeries)
        defer { countedUntil = newest }
        guard let increase, let countedUntil else { return nil }
        return preset.block(of: increase, start: countedUntil, end: newest)
    }

    private func load(_ answers: [String: QueryAnswer], _ plan: QueryPlan, _ request: DeliveryRequest) -> ServiceLoad? {
        guard let limits = request.loadLimits, let text = plan.load, case .success(let result)? = answers[text], !result.series.isEmpty,
            let age = plan.age(answers)
        else { return nil }
        return meter?.look(result.bySeries, at: request.now.advanced(by: .zero - age), limits: limits)
    }
}

typealias QueryAnswer = Result<PromQLResult, PromQLError>

extension PromQLResult {
    /// By name and labels; the last of series that are told twice.
    fileprivate var bySeries: [MetricSeries: Double] {
        let readings = series.map { series in
            var labels = series.labels
            let name = labels.removeValue(forKey: "__name__") ?? ""
            return (MetricSeries(name, labels), series.value)
        }
        return Dictionary(readings) { $1 }
    }
}
