import Documents
import Policies
import Transport

/// How a command or request went.
enum StepOutcome: Sendable {
    case done([UInt8], isCut: Bool)
    /// It ran and says no.
    case failed(String)
    /// It did not begin, so that nothing was changed.
    case notBegun(String)
    /// It did not begin for want of a connection, which may come back.
    case unreachable(String)
    /// It was ended before it could answer; what it did is not known.
    case unknown(String)

    var problem: String? {
        switch self {
        case .done: nil
        case .failed(let why), .notBegun(let why), .unreachable(let why), .unknown(let why): why
        }
    }
}

/// Carries out the steps of a command target.
struct StepRunner: Sendable {
    /// `NAME=VALUE` of the few variables that commands get.
    let environment: [String]
    let client: HTTPClient?
    /// Values of the variables that the target lists, which may be keys: nothing that a command prints of them is repeated.
    private let confidential: [String]

    /// - Parameter variables: Of this process; PATH, HOME and LANG are passed on, and the names the target lists.
    init(target: Policy.CommandTarget, variables: [String: String], client: HTTPClient?) {
        var passed = ["PATH": "/usr/local/bin:/usr/bin:/bin"]
        for name in ["PATH", "HOME", "LANG"] + target.environment { passed[name] = variables[name] ?? passed[name] }
        environment = passed.map { "\($0.key)=\($0.value)" }.sorted()
        confidential = target.environment.compactMap { variables[$0] }.filter { $0.utf8.count >= 4 }.sorted { $0.count > $1.count }
        self.client = client
    }

    private func withoutSecrets(_ text: String) -> String {
        confidential.reduce(text) { $0.replacing($1, with: "…") }
    }

    /// - Parameters:
    ///   - name: Of the step, for messages: `set`.
    ///   - values: Of every placeholder.
    func run(_ step: Policy.CommandStep, name: String, values: [String: KnobValue]) async -> StepOutcome {
        switch step.action {
        case .run(let words): return await run(words.map { Self.word($0, values) }, step.timeout, name)
        case .http(var request):
            request.body = request.body.map { Self.json($0, values) }
            return await send(request, step.timeout, name)
        }
    }

    /// One argument: a value is a part of it, whatever characters it has.
    static func word(_ template: String, _ values: [String: KnobValue]) -> String {
        PlaceholderText(template).filled { name, _ in values[name]?.description ?? "{\(name)}" }
    }

    /// A body: a value is a value of JSON, or a part of the text of one.
    static func json(_ template: String, _ values: [String: KnobValue]) -> String {
        PlaceholderText(template).filled { name, isQuoted in
            guard let value = values[name] else { return "{\(name)}" }
            guard isQuoted else { return value.document.json }
            return String(DocumentValue.string(value.description).json.dropFirst().dropLast())
        }
    }

    private func run(_ words: [String], _ timeout: Duration, _ name: String) async -> StepOutcome {
        let title = "'\(name)' (\(words[0]))"
        switch await BoundedProcess(words: words, environment: environment, timeout: timeout).run() {
        case .failure(let failure): return .notBegun("'\(name)': \(failure.text)")
        case .success(let outcome):
            let said = outcome.lastErrorLine.isEmpty ? "" : ": \(withoutSecrets(outcome.lastErrorLine))"
            switch outcome.ending {
            case .exited(0): return .done(outcome.output.bytes, isCut: outcome.output.isCut)
            case .exited(let status): return .failed("\(title) ended with status \(status)\(said)")
            case .killed(let signal): return .unknown("\(title) was killed by signal \(signal)\(said)")
            case .timedOut: return .unknown("\(title) was not done after \(FigureText.duration(timeout)) and was killed\(said)")
            }
        }
    }

    private func send(_ request: Policy.CommandStep.HTTPRequest, _ timeout: Duration, _ name: String) async -> StepOutcome {
        let title = "'\(name)' (\(request.method.rawValue) \(request.url))"
        guard let client else { return .notBegun("\(title): no requests can be sent from here") }
        let bound = OutputHead.limitBytes
        let message = HTTPRequest(
            method: request.method.rawValue, url: request.url,
            headers: request.body == nil ? [] : [(name: "Content-Type", value: "application/json")],
            body: request.body.map { Array($0.utf8) },
            deadlines: Deadlines(connect: timeout, firstByte: timeout, idle: timeout, total: timeout), maxBodyBytes: bound)
        do throws(TransportError) {
            let answer = try await client.send(message)
            guard (200..<300).contains(answer.status) else { return .failed("\(title) was answered with status \(answer.status)") }
            return .done(answer.body, isCut: false)
        } catch {
            return error.mayHaveReachedServer ? .unknown("\(title): \(error)") : .unreachable("\(title): \(error)")
        }
    }
}

extension KnobValue {
    var document: DocumentValue {
        switch self {
        case .integer(let value): .integer(Int64(value))
        case .number(let value): .double(value)
        case .text(let value): .string(value)
        case .flag(let value): .boolean(value)
        }
    }
}
