import ArgumentParser
import BenchmarkFiles
import Foundation
import Measurements
import Policies
import Probing
import Transport

struct ProbeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe", abstract: "A quick look at an endpoint: a few requests, one after the other over one connection.",
        discussion: """
            Shows what the connection cost (name, TCP, TLS), the first byte, the first token and the pace of the others. Exit code 3 where no
            request was answered.

              llm-auto-optimizer probe http://127.0.0.1:8000/v1 --provider vllm --model llama-3.1-8b
            """)

    @Argument(help: ArgumentHelp("Base URLs of APIs.", valueName: "endpoint"))
    var endpoints: [String]

    @OptionGroup var target: TargetOptions

    @Option(name: [.customShort("n"), .long], help: ArgumentHelp("Requests to each, 1 to 1000.", valueName: "count"))
    var requests = 5

    @Option(help: ArgumentHelp("What is asked.", valueName: "text"))
    var prompt = "Count from one to twenty."

    @Option(help: ArgumentHelp("Tokens asked for at most.", valueName: "count"))
    var outputTokens = 64

    @Option(help: ArgumentHelp("Of each request.", valueName: "duration"))
    var timeout = "60s"

    func validate() throws {
        guard (1...1_000).contains(requests) else { throw ValidationError("--requests \(requests): expected 1 to 1000") }
        guard (1...100_000).contains(outputTokens) else { throw ValidationError("--output-tokens \(outputTokens): expected 1 to 100000") }
        if target.endpoint != nil { throw ValidationError("the endpoints are arguments: leave out --endpoint") }
    }

    func run() async throws {
        let timeout = try LoadOptions.time(timeout, "--timeout").duration
        let client: HTTPClient
        do throws(TransportError) {
            client = try HTTPClient()
        } catch {
            throw CommandFailure("cannot start the HTTP client: \(error.cause)", status: .unreachable)
        }
        let targets = try endpoints.flatMap { try target.targets(endpoint: $0) }.map {
            try LensTarget($0, client: client, timeout: timeout)
        }
        var answered = 0
        for target in targets where !Interruption.isRequested {
            let answers = try await interruptible { [requests, prompt, outputTokens] in
                await Self.look(at: target, requests, Prompt(text: prompt, maximumOutputTokens: outputTokens))
            }
            answered += answers.count { $0.measurement.succeeded }
            Terminal.standardOutput(ProbeTable(target, answers).text)
        }
        if Interruption.isRequested { throw CommandFailure("interrupted; what was measured is shown", status: .interrupted) }
        if answered == 0 { throw CommandFailure("no request was answered", status: .unreachable) }
    }

    private static func look(at target: LensTarget, _ requests: Int, _ prompt: Prompt) async -> [TimedAnswer] {
        var answers: [TimedAnswer] = []
        for _ in 0..<requests where !Task.isCancelled {
            let answer = await target.exchange.measure(prompt, key: target.key, time: .now)
            if !Task.isCancelled { answers.append(answer) }
        }
        return answers
    }
}

/// What a few requests took, one a line, in milliseconds.
private struct ProbeTable {
    let target: LensTarget
    let answers: [TimedAnswer]

    init(_ target: LensTarget, _ answers: [TimedAnswer]) {
        self.target = target
        self.answers = answers
    }

    private static let header = ["#", "DNS", "connect", "TLS", "first byte", "TTFT", "TPOT", "total", "tokens", "finish"]

    var text: String {
        let title = [target.facts.endpoint, target.facts.provider, target.facts.name].map(ForeignText.printable).joined(separator: "  ")
        let rows = [Self.header] + answers.enumerated().map { cells($0 + 1, $1) }
        let widths = Self.header.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        let lines = rows.map { row in
            zip(row, widths).map { String(repeating: " ", count: $1 - $0.count) + $0 }.joined(separator: "  ")
        }
        let errors = answers.enumerated().compactMap { index, answer in
            answer.measurement.error.map { "  \(index + 1): \(ForeignText.printable("\($0.type) \($0.message)"))" }
        }
        return ([title, "milliseconds"] + lines + errors).joined(separator: "\n") + "\n"
    }

    private func cells(_ number: Int, _ answer: TimedAnswer) -> [String] {
        let measurement = answer.measurement
        func time(_ length: Nanoseconds?) -> String { length.map { FigureText.number($0.milliseconds) } ?? "–" }
        let head = answer.moments.head.flatMap { head in
            answer.moments.sent.map { Nanoseconds(head.nanoseconds &- $0.nanoseconds) }
        }
        let tokens: String =
            switch answer.tokens {
            case .reported(let count): "\(count)"
            case .estimated(let count): "~\(count)"
            case nil: "–"
            }
        return [
            "\(number)", time(answer.connection.dns), time(answer.connection.connect), time(answer.connection.tls), time(head),
            time(measurement.timeToFirstToken), time(measurement.timePerOutputToken), time(measurement.endToEnd), tokens,
            measurement.error == nil ? ForeignText.printable(answer.finishReason ?? "–") : "failed",
        ]
    }
}
