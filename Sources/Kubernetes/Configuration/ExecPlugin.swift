import Documents
import FoundationEssentials
import Measurements
import Subprocess
import SystemPackage
import Transport

/// A program that prints credentials, as `users[].user.exec` of a kubeconfig names it. It runs without a shell and without a terminal.
struct ExecPlugin: Sendable {
    /// A name that is looked for in `PATH`, or an absolute path.
    var command: String
    var arguments: [String] = []
    var environment: [(name: String, value: String)] = []
    /// `client.authentication.k8s.io/v1` or `…/v1beta1`; its answer must be of the same.
    var apiVersion: String
    /// What the plugin is told of the cluster; `nil` where it is not to be told.
    var clusterInfo: DocumentValue?
    /// What to do where it is not installed, in the words of the kubeconfig.
    var installHint: String?
    /// The file and the user, for errors.
    var place: String
    var timeLimit: Duration = .seconds(60)

    static let outputLimitBytes = 1 << 20

    /// Runs it once. Its error output, which may hold secrets, is not kept.
    func run() async -> Result<ExecCredential, ConfigurationError> {
        await withTaskGroup(of: Result<ExecCredential, ConfigurationError>?.self) { group in
            group.addTask {
                do throws(ConfigurationError) { return .success(try await self.runToItsEnd()) } catch { return .failure(error) }
            }
            group.addTask {
                // Cancelled as soon as the plugin has answered.
                guard (try? await Task.sleep(for: timeLimit)) != nil else { return nil }
                return .failure(self.error("it did not end within \(timeLimit)", cure: "run it by hand and see what it waits for"))
            }
            defer { group.cancelAll() }
            for await result in group { if let result { return result } }
            return .failure(error("it was cancelled", cure: "try again"))
        }
    }

    private func runToItsEnd() async throws(ConfigurationError) -> ExecCredential {
        var variables: [Environment.Key: String?] = ["KUBERNETES_EXEC_INFO": info.json]
        for (name, value) in environment { variables[Environment.Key(stringLiteral: name)] = value }
        var options = PlatformOptions()
        options.createSession = true  // No terminal, and all it started ends with it.
        options.teardownSequence = [.gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(1))]
        let output: [UInt8]
        let status: TerminationStatus
        do {
            let result = try await Subprocess.run(
                command.contains("/") ? .path(FilePath(command)) : .name(command), arguments: Arguments(arguments),
                environment: .inherit.updating(variables), platformOptions: options, input: .none,
                output: .bytes(limit: Self.outputLimitBytes), error: .discarded)
            (output, status) = (result.standardOutput, result.terminationStatus)
        } catch let failure as SubprocessError where failure.code == .outputLimitExceeded {
            throw error("it printed more than \(Self.outputLimitBytes) bytes", cure: "let it print an ExecCredential alone")
        } catch is CancellationError {
            throw error("it was stopped", cure: "try again")
        } catch {
            throw self.error(
                "it cannot be started", cure: installHint.map { KubernetesError.bounded($0) } ?? "install it, or correct 'command'")
        }
        guard case .exited(0) = status else {
            throw error("it ended with \(status)", cure: "run it by hand and see what it says")
        }
        return try ExecCredential(output, of: self)
    }

    func error(_ problem: String, cure: String) -> ConfigurationError {
        ConfigurationError(place, "the credential plugin '\(command)': \(problem)", cure: cure)
    }

    /// What `KUBERNETES_EXEC_INFO` holds.
    private var info: DocumentValue {
        let cluster: [DocumentValue.Member] = clusterInfo.map { [.init(key: "cluster", value: $0)] } ?? []
        return .members([
            "apiVersion": .string(apiVersion), "kind": .string("ExecCredential"),
            "spec": .object([.init(key: "interactive", value: .boolean(false))] + cluster),
        ])
    }
}

/// What a plugin gave.
struct ExecCredential: Sendable {
    let identity: ProvenIdentity
    let expiresAt: Timestamp?

    /// - Throws: `ConfigurationError`, which does not repeat what the plugin printed.
    init(_ output: [UInt8], of plugin: ExecPlugin) throws(ConfigurationError) {
        let cure = "let it print an ExecCredential with status.token, or status.clientCertificateData and status.clientKeyData"
        // Where the text is wrong is not told: the message could quote it.
        guard let document = output.withUnsafeBytes({ try? JSONDocument.parse($0, limits: DocumentLimits(bytes: 1 << 20, depth: 32)) }),
            document.text("kind") == "ExecCredential"
        else { throw plugin.error("it printed no ExecCredential", cure: cure) }
        guard document.text("apiVersion") == plugin.apiVersion else {
            throw plugin.error(
                "it printed another apiVersion than \(plugin.apiVersion)", cure: "let the kubeconfig name the plugin's own version")
        }
        let status = document["status"]
        let token = status?.text("token")
        guard token?.isHeaderValue ?? true else { throw plugin.error("its token cannot stand in a header", cure: cure) }
        let (certificate, key) = (status?.text("clientCertificateData"), status?.text("clientKeyData"))
        guard (certificate == nil) == (key == nil), token != nil || key != nil else {
            throw plugin.error("it printed no whole credential", cure: cure)
        }
        var identity = token.map(ProvenIdentity.bearer) ?? ProvenIdentity()
        if let certificate, let key {
            identity.certificate = TLSSettings.ClientIdentity(
                certificate: .memory(Array(certificate.utf8)), key: .memory(Array(key.utf8)))
        }
        self.identity = identity
        if let text = status?.text("expirationTimestamp") {
            guard let time = Timestamp(iso8601: text) else {
                throw plugin.error("its expirationTimestamp is no time", cure: "let it print a time such as 2026-11-21T02:41:33Z")
            }
            expiresAt = time
        } else {
            expiresAt = nil
        }
    }
}
