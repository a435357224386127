import ArgumentParser
import Foundation

/// The command line. Data goes to standard output, talk to standard error; see ``ExitStatus`` for the exit codes.
@main struct LLMAutoOptimizer: ParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "llm-auto-optimizer",
        abstract: "Keeps LLM serving deployments inside their latency objectives at the least cost.",
        discussion: """
            Measures, analyzes, decides, and says why. A recommendation from the results of a load test, with nothing changed:

              llm-auto-optimizer recommend --policy policies/vllm-chat-latency.yaml --import results.json

            Exit codes:
              0  done
              1  ran, and the answer is no: an objective is missed, a policy test failed, a load test found a regression
              2  usage or invalid input
              3  a needed system could not be reached
              4  interrupted
            """,
        version: version,
        subcommands: [
            ValidateCommand.self, TestCommand.self, ImportCommand.self, RecommendCommand.self, HistoryCommand.self, ExplainCommand.self,
            ReplayCommand.self, ExportCommand.self, StatusCommand.self, ApproveCommand.self, RejectCommand.self, RollbackCommand.self,
            PauseCommand.self, ResumeCommand.self, CycleCommand.self, RunCommand.self,
            DoctorCommand.self, SimulateCommand.self, LearnerCommand.self, DemoCommand.self, ProbeCommand.self, BenchmarkCommand.self,
            CompareCommand.self,
        ])

    static func main() async {
        Interruption.install()
        let status = await perform()
        guard case .failed(let reason) = Terminal.outputLoss else { status.exit() }
        Terminal.standardError("error: cannot write standard output: \(reason). A part of the answer is lost.\n")
        (status == .done || status == .negative ? .unreachable : status).exit()
    }

    private static func perform() async -> ExitStatus {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            return .done
        } catch let status as ExitStatus {
            return status
        } catch let failure as CommandFailure {
            Terminal.complain("error: \(failure.message)")
            return failure.status
        } catch {
            return tell(error)
        }
    }

    /// Help and version go to standard output with 0; a usage error goes to standard error with 2 instead of the library's 64.
    private static func tell(_ error: any Error) -> ExitStatus {
        let message = fullMessage(for: error)
        if exitCode(for: error).isSuccess {
            Terminal.standardOutput(message + "\n")
            return .done
        }
        Terminal.complain(message)
        return .invalidInput
    }
}
