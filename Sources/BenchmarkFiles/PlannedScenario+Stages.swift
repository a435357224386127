public import LoadGeneration
internal import Measurements

extension PlannedScenario {
    /// What is asked, with the files read that it names.
    /// - Throws: `InvalidLoad`, or an error of the file, with its path.
    public func scenario() throws -> Scenario {
        let source: PromptSource =
            switch prompts {
            case .text(let text): .texts([DatasetPrompt(text: text)])
            case .lengths(let lengths): .filler(lengths)
            case .dataset(let path): .texts(try DatasetFile.read(path: path))
            case .trace(let path): .trace(try TraceFile.read(path: path))
            }
        return Scenario(
            name, prompts: source, outputTokens: outputTokens, session: session, sharedPrefix: sharedPrefix, systemPrompt: systemPrompt)
    }

    /// What is offered, in order; empty where a knee is searched.
    /// - Parameter scenario: Of ``scenario()``.
    public func stages(of scenario: Scenario) -> [LoadStage] {
        switch load {
        case .closed(let values):
            return values.map { stage(values.count > 1 ? "concurrency \($0)" : nil, .closed(concurrency: $0)) }
        case .open(let schedule, let rates, let cap):
            return rates.map { rate in
                let label = rates.count > 1 ? "rate \(rate == rate.rounded() ? "\(Int(rate))" : "\(rate)")/s" : nil
                return stage(label, .open(schedule.arrivals(rate), maximumInFlight: cap))
            }
        case .ramp(let start, let end, let length, let cap):
            return [stage(nil, .open(.ramp(from: start, to: end, over: length), maximumInFlight: cap))]
        case .trace(let speed, let cap):
            guard case .trace(let requests) = scenario.prompts else { return [] }
            return [stage(nil, .open(requests.arrivals(speed: speed), maximumInFlight: cap))]
        case .knee: return []
        }
    }

    /// A stage of this scenario under a load.
    public func stage(_ detail: String?, _ load: Load) -> LoadStage {
        LoadStage(detail.map { "\(name), \($0)" } ?? name, load: load, warmUp: warmUp, stop: stop)
    }
}
