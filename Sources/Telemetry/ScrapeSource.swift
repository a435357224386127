public import Control
import Documents
import Measurements
import Policies
public import Transport

/// The metrics pages of an engine's replicas, read directly: answers questions from what counters did between two looks.
public actor ScrapeSource: MeasurementSource {
    public nonisolated let name: String
    private let urls: [String]
    private let preset: EnginePreset
    private let selector: [String: String]
    private let credential: ServerCredential
    private let transport: HTTPClient
    private var histories: [ScrapeHistory]
    private var blockIncrease: [CounterIncrease]
    private var countedUntil: Timestamp?
    private var meter: LoadMeter?

    static let concurrentFetches = 8

    /// - Parameter urls: Of the pages, one a replica.
    /// - Parameter selector: Series without these labels are passed over.
    public init(
        name: String, urls: [String], preset: EnginePreset, selector: [String: String] = [:], credential: ServerCredential = .none,
        transport: HTTPClient
    ) {
        self.name = name
        self.urls = urls
        self.preset = preset
        self.selector = selector
        self.credential = credential
        self.transport = transport
        histories = urls.map { _ in ScrapeHistory() }
        blockIncrease = urls.map { _ in CounterIncrease() }
        meter = LoadMeter(preset)
    }

    public func deliver(_ request: DeliveryRequest) async -> Delivery {
        let authorization: String?
        do { authorization = try credential.authorization() } catch { return Delivery(faults: ["\(error.description)."]) }
        let pages = await look(authorization, deadline: request.deadline)
        let keep = request.questions.map(\.window).max() ?? .seconds(60)
        var increases: Increases = [:]
        var seen: [MetricSeries: Double] = [:]
        var faults: [String] = []
        for (index, page) in pages.enumerated() {
            switch page {
            case .failure(let problem): faults.append("\(ForeignText.addressWithoutSecrets(urls[index])) gave no metrics: \(problem).")
            case .success(let samples):
                let (counters, gauges) = sorted(samples)
                for sample in samples { seen[sample.series.on(page: index)] = sample.value }
                histories[index].add(counters: counters, gauges: gauges, at: request.now, keep: keep)
                increases.merge(blockIncrease[index].look(counters) ?? [:]) { $0 + $1 }
                if counters.isEmpty, gauges.isEmpty { faults.append(noMetrics(urls[index])) }
            }
        }
        var delivery = Delivery(readings: readings(request), faults: faults)
        if pages.contains(where: \.isSuccess) {
            if let countedUntil, let block = preset.block(of: increases, start: countedUntil, end: request.now) {
                delivery.blocks = [block]
            }
            countedUntil = request.now
            if let limits = request.loadLimits { delivery.load = meter?.look(seen, at: request.now, limits: limits) }
        }
        return delivery
    }

    private func readings(_ request: DeliveryRequest) -> [RecordedReading] {
        let source = ScrapeReadings(preset: preset, histories: histories, now: request.now)
        return request.questions.compactMap { question in
            let reading = source.reading(question.query, over: question.window)
            guard reading != .unknown(.missing) else { return nil }
            return RecordedReading(query: question.query, window: question.window, reading: reading)
        }
    }

    private func noMetrics(_ url: String) -> String {
        let labels = selector.isEmpty ? "" : " with the labels \(selector.keys.sorted().joined(separator: ", ")) of the selector"
        return
            "\(ForeignText.addressWithoutSecrets(url)) has a page of metrics, but none of \(preset.name)\(labels): check the preset and the address."
    }

    // MARK: Looking

    private func look(_ authorization: String?, deadline: Duration) async -> [Result<[Exposition.Sample], NoPage>] {
        let (urls, transport, wanted, selector) = (urls, transport, preset.names, selector)
        let all = await withTaskGroup(of: (Int, Result<[Exposition.Sample], NoPage>).self) { group in
            var pages: [Int: Result<[Exposition.Sample], NoPage>] = [:]
            var waiting = urls.indices[...]
            func start() {
                guard let index = waiting.popFirst() else { return }
                let request = Self.request(urls[index], authorization, deadline)
                group.addTask { (index, await Self.samples(request, transport, wanted, selector)) }
            }
            for _ in 0..<Self.concurrentFetches { start() }
            for await (index, page) in group {
                pages[index] = page
                start()
            }
            return pages
        }
        return urls.indices.compactMap { all[$0] }
    }

    private static func request(_ url: String, _ authorization: String?, _ deadline: Duration) -> HTTPRequest {
        var headers = [(name: "Accept", value: "text/plain;version=0.0.4")]
        if let authorization { headers.append((name: "Authorization", value: authorization)) }
        return HTTPRequest(
            url: url, headers: headers, deadlines: Deadlines(connect: deadline, firstByte: deadline, idle: deadline, total: deadline),
            maxBodyBytes: ExpositionLimits().bytes)
    }

    private static func samples(
        _ request: HTTPRequest, _ transport: HTTPClient, _ wanted: Set<String>, _ selector: [String: String]
    ) async -> Result<[Exposition.Sample], NoPage> {
        let answer: HTTPAnswer
        do { answer = try await transport.send(request) } catch { return .failure(NoPage(error.cause)) }
        guard answer.status == 200 else { return .failure(NoPage("HTTP \(answer.status)")) }
        do throws(ExpositionError) {
            let page = try PrometheusText.parse(answer.body) { wanted.contains($0) }
            return .success(page.samples.filter { sample in selector.allSatisfy { sample.series.labels[$0.key] == $0.value } })
        } catch {
            return .failure(NoPage(error.description))
        }
    }

    private func sorted(_ samples: [Exposition.Sample]) -> (counters: [MetricSeries: Double], gauges: [MetricSeries: Double]) {
        let gaugeNames = preset.gaugeNames
        var counters: [MetricSeries: Double] = [:]
        var gauges: [MetricSeries: Double] = [:]
        for sample in samples {
            if gaugeNames.contains(sample.series.name) {
                gauges[sample.series] = sample.value
            } else {
                counters[sample.series] = sample.value
            }
        }
        return (counters, gauges)
    }
}

extension Result {
    fileprivate var isSuccess: Bool {
        if case .success = self { true } else { false }
    }
}

/// Why there is no page: a clause for people.
private struct NoPage: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

extension MetricSeries {
    /// Pages of two replicas bear the same series.
    fileprivate func on(page index: Int) -> MetricSeries {
        var labels = labels
        labels["page"] = "\(index)"
        return MetricSeries(name, labels)
    }
}
