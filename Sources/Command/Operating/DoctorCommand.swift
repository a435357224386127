import ArgumentParser
import Control
import EpisodeStore
import Foundation
import Kubernetes
import Measurements
import Policies

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Proves that a policy could be run: every source delivers, the target may be changed, nobody else sets its knobs.",
        discussion: """
            Nothing is changed. Exit code 1 where something is wrong, each with its cure.

              llm-auto-optimizer doctor --policy policies/vllm-chat-latency.yaml
            """)

    @Option(help: ArgumentHelp("The policy file.", valueName: "file"), completion: .file(extensions: ["yaml", "yml"]))
    var policy: String

    @Option(help: ArgumentHelp("Which policy, where the file holds several.", valueName: "name"))
    var policyName: String?

    @Option(help: ArgumentHelp("How many seconds a source may take to deliver, 1 to 600.", valueName: "seconds"))
    var patience = 30

    @OptionGroup var cluster: ClusterOptions

    func validate() throws {
        guard (1...600).contains(patience) else { throw ValidationError("--patience \(patience): expected 1 to 600") }
    }

    func run() async throws {
        let policy = try PolicyReading.policy(file: policy, name: policyName)
        let examination = try Examination(policy, ClusterConnection(cluster), patience: .seconds(patience))
        let findings = await examination.findings()
        Terminal.standardOutput(findings.map(\.text).joined())
        if findings.contains(where: { $0.outcome == .failed }) { throw ExitStatus.negative }
    }
}

/// One thing the doctor looked at.
struct Finding {
    enum Outcome: String {
        case ok, warning, failed
    }

    var name: String
    var outcome: Outcome
    var explanation: String
    var cure: String?

    var text: String {
        let mark = outcome == .ok ? "ok      " : outcome == .warning ? "warning " : "FAILED  "
        return "\(mark)\(name): \(explanation)\n" + (cure.map { "        cure: \($0)\n" } ?? "")
    }
}

/// Looks at everything a policy needs.
struct Examination {
    private let policy: Policy
    private let cluster: ClusterConnection
    private let patience: Duration
    private let clock = SystemClock()

    init(_ policy: Policy, _ cluster: ClusterConnection, patience: Duration) throws {
        self.policy = policy
        self.cluster = cluster
        self.patience = patience
    }

    func findings() async -> [Finding] {
        let sources = await sourceFindings()
        return await targetFindings() + sources
    }

    // MARK: Target

    private func targetFindings() async -> [Finding] {
        switch policy.target {
        case .none: return [Finding(name: "target", outcome: .ok, explanation: "the policy has none; it only recommends", cure: nil)]
        case .simulator: return [Finding(name: "target", outcome: .ok, explanation: "the embedded engine of the verb demo", cure: nil)]
        case .kubernetes(let target): return await workloadFindings(target)
        case .command: return await commandFindings()
        }
    }

    private func workloadFindings(_ target: Policy.KubernetesTarget) async -> [Finding] {
        do {
            let adjuster = try KubernetesAdjuster(target: target, knobs: policy.knobs, client: try cluster.client(), clock: clock)
            return await KubernetesDoctor(adjuster).examine().map {
                Finding(name: $0.name, outcome: Finding.Outcome($0.outcome), explanation: $0.explanation, cure: $0.cure)
            }
        } catch let failure as CommandFailure {
            return [Finding(name: "cluster", outcome: .failed, explanation: failure.message, cure: "name one with --kubeconfig")]
        } catch let error as AdjusterError {
            return [Finding(name: "target", outcome: .failed, explanation: error.explanation, cure: "mend the target of the policy")]
        } catch {
            return [Finding(name: "target", outcome: .failed, explanation: "\(error)", cure: nil)]
        }
    }

    private func commandFindings() async -> [Finding] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "doctor-\(UUID().uuidString)").path()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        do {
            let assembly = try LoopAssembly(
                store: try EpisodeStore(path: folder + "/store.sqlite"), clock: clock, announcer: Announcers(all: []),
                leadership: SoleLeader(), origin: .cycle, cluster: cluster)
            let finding = await commandFinding(try assembly.adjuster(policy))
            await assembly.shutdown()
            return [finding]
        } catch {
            return [Finding(name: "target", outcome: .failed, explanation: "\(error)", cure: nil)]
        }
    }

    private func commandFinding(_ adjuster: (any Adjuster)?) async -> Finding {
        do throws(AdjusterError) {
            let values = try await adjuster?.observe().values ?? [:]
            let missing = policy.knobs.map(\.name).filter { values[$0] == nil }
            guard missing.isEmpty else {
                return Finding(
                    name: "target", outcome: .failed, explanation: "get does not tell \(missing.joined(separator: ", "))",
                    cure: "let it print KNOB=VALUE lines or a JSON object with every knob")
            }
            let told = values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.value)" }.joined(separator: ", ")
            return Finding(name: "target", outcome: .ok, explanation: "get tells \(told)", cure: nil)
        } catch {
            return Finding(name: "target", outcome: .failed, explanation: error.explanation, cure: "run the get command by hand")
        }
    }

    // MARK: Sources

    private func sourceFindings() async -> [Finding] {
        guard !policy.monitor.sources.isEmpty else {
            return [
                Finding(
                    name: "sources", outcome: .failed, explanation: "the policy names none",
                    cure: "add a probe, prometheus or scrape under monitor.sources")
            ]
        }
        let folder = FileManager.default.temporaryDirectory.appending(path: "doctor-\(UUID().uuidString)").path()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        do {
            let assembly = try LoopAssembly(
                store: try EpisodeStore(path: folder + "/store.sqlite"), clock: clock, announcer: Announcers(all: []),
                leadership: SoleLeader(), origin: .cycle, cluster: cluster)
            var findings: [Finding] = []
            for source in policy.monitor.sources { findings.append(await finding(of: source, assembly)) }
            if policy.plannedKnob != nil { findings.append(await planFinding(assembly)) }
            await assembly.shutdown()
            return findings
        } catch {
            return [Finding(name: "sources", outcome: .failed, explanation: "\(error)", cure: nil)]
        }
    }

    /// Asks all sources again and again until one tells everything that replicas are planned from.
    private func planFinding(_ assembly: LoopAssembly) async -> Finding {
        // A source that cannot be made has its own finding.
        let sources = policy.monitor.sources.compactMap { try? assembly.source($0, of: policy) }
        let start = clock.steady
        var missing: [ServiceLoad.Figure]?
        repeat {
            for source in sources {
                let request = DeliveryRequest(
                    now: clock.steady, questions: policy.questions, deadline: .seconds(5), loadLimits: policy.latencyLimits)
                guard let load = await source.deliver(request).load else { continue }
                missing = load.missing
                guard missing == [], let arrivals = load.arrivals else { continue }
                return Finding(
                    name: "plan", outcome: .ok,
                    explanation: "source '\(source.name)' tells the load: \(arrivals) requests in \(FigureText.duration(load.length))")
            }
            try? await Task.sleep(for: .milliseconds(500))  // Cancelled, it looks once more at once.
        } while clock.steady.since(start).duration < patience && !Interruption.isRequested
        let unknown = missing.map { $0.map(\.words).joined(separator: ", ") }
        return Finding(
            name: "plan", outcome: .failed,
            explanation: unknown.map { "not known: \($0)" } ?? "no source counts requests",
            cure: "read the engines' own counters: prometheus or scrape with the preset vllm, all of its series kept")
    }

    /// Asks a source again and again until it delivers something fresh.
    private func finding(of source: Policy.Source, _ assembly: LoopAssembly) async -> Finding {
        let name = "source \(source.name)"
        do {
            let made = try assembly.source(source, of: policy)
            let start = clock.steady
            var fault: String?
            while clock.steady.since(start).duration < patience, !Interruption.isRequested {
                let delivery = await made.deliver(DeliveryRequest(now: clock.steady, questions: policy.questions, deadline: .seconds(5)))
                if let fresh = delivery.freshest(policy.monitor.staleAfter) {
                    return Finding(name: name, outcome: .ok, explanation: "delivers: \(fresh)", cure: nil)
                }
                fault = delivery.faults.first ?? delivery.failure ?? fault
                try await Task.sleep(for: .milliseconds(500))
            }
            return Finding(
                name: name, outcome: .failed,
                explanation: "delivered nothing fresh within \(FigureText.duration(patience))" + (fault.map { ": \($0)" } ?? ""),
                cure: "check its address, key and labels; send some load, or give it longer with --patience")
        } catch let failure as CommandFailure {
            return Finding(name: name, outcome: .failed, explanation: failure.message, cure: "mend the source in the policy")
        } catch {
            return Finding(name: name, outcome: .failed, explanation: "\(error)", cure: nil)
        }
    }
}

extension Finding.Outcome {
    fileprivate init(_ outcome: KubernetesDoctor.Check.Outcome) {
        self =
            switch outcome {
            case .ok: .ok
            case .warning: .warning
            case .failed: .failed
            }
    }
}

extension Delivery {
    /// Why a request failed; `nil` where none did.
    fileprivate var failure: String? {
        let error = measurements.lazy.compactMap(\.error).first
        return error.map { $0.message.isEmpty ? $0.type : "\($0.type): \($0.message)" }
    }

    /// What is fresh in it, in words; `nil` for nothing.
    fileprivate func freshest(_ staleAfter: Duration) -> String? {
        let succeeded = measurements.count { $0.succeeded }
        if succeeded > 0 { return "\(succeeded) measured requests" }
        for reading in readings {
            guard case .value(let value) = reading.reading, value.age <= staleAfter else { continue }
            return "\(reading.query) is \(reading.query.text(value.value))"
        }
        return blocks.contains { $0.requests > 0 } ? "counted requests" : nil
    }
}
