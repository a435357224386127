// Measures a model's API, or, without an address, a reference server of its own:
//     swift run LensExample [endpoint model]
import LatencyLens
import LoadGeneration
import Measurements
import Probing
import Statistics
import Transport

let server = try ReferenceServer(.init(firstToken: Nanoseconds(milliseconds: 50), perToken: Nanoseconds(milliseconds: 5)))
let given = Array(CommandLine.arguments.dropFirst())
let endpoint = given.first ?? server.endpoint
let model = given.count > 1 ? given[1] : "reference"

// One client for all requests: it keeps the connections.
let client = try HTTPClient(settings: .measuring(streams: 16))
let exchange = StreamExchange(client: client, provider: OpenAIChat(model: model), endpoint: endpoint, model: model)

// Prompts of about 200 tokens, give or take, and answers of at most 32.
let prompts = PromptSource.filler(.normal(mean: 200, deviation: 50, bounds: 50...400))
let scenario = Scenario("chat", prompts: prompts, outputTokens: .fixed(32))
let runner = try LoadRunner(exchange: exchange, scenarios: [scenario], settings: RunSettings(seed: 42))

// 40 requests a second that come independently of each other; the first second does not count.
let load = Load.open(.poisson(requestsPerSecond: 40))
let stage = LoadStage("40/s", load: load, warmUp: .time(Nanoseconds(seconds: 1)), stop: StopRules(requests: 120))

let display = Task {
    for await look in runner.progress { print("\(look.tally.requests) answered, \(look.inFlight) under way") }
}
for result in try await runner.run([stage]) {
    let tally = result.tally
    print("\(result.stage.label): \(tally.succeeded) answered, \(tally.failed) failed, \(tally.sentPerSecond ?? 0) sent a second")
    // From the moment the schedule wanted them sent, as a user would have waited, and as sent.
    for percentile in Percentile.standard.prefix(4) {
        let scheduled = tally.scheduledTimeToFirstToken.value(at: percentile) ?? .nan
        let asSent = tally.timeToFirstToken.value(at: percentile) ?? .nan
        print("  first token \(percentile): \(scheduled * 1_000) ms from schedule, \(asSent * 1_000) ms as sent")
    }
}
display.cancel()

// How much of that is this program's own doing.
let own = try await Calibration.measure(streams: 8)
print("this client adds \(own.firstTokenErrorMedian.milliseconds) ms (p99 \(own.firstTokenErrorP99.milliseconds) ms) at 8 streams")
await client.shutdown()
