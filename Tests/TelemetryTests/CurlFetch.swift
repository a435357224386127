import Foundation
import Telemetry

/// A transport for tests: real sockets by way of the command `curl`.
struct CurlFetch: MetricsFetch {
    func fetch(_ request: MetricsRequest) async throws(FetchError) -> MetricsAnswer {
        let result: Result<MetricsAnswer, FetchError> = await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: Self.run(request)) }
        }
        return try result.get()
    }

    private static func run(_ request: MetricsRequest) -> Result<MetricsAnswer, FetchError> {
        let (seconds, attoseconds) = request.timeout.components
        var arguments = ["curl", "-sS", "--max-time", "\(Double(seconds) + Double(attoseconds) * 1e-18)", "-w", "\n%{http_code}"]
        if let authorization = request.authorization { arguments += ["-H", "Authorization: \(authorization)"] }
        if let form = request.form { arguments += ["--data-binary", String(decoding: form, as: UTF8.self)] }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = arguments + [request.url]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        do {
            try process.run()
            let data = try output.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            guard process.terminationStatus == 0 else { return .failure(FetchError("curl ended with \(process.terminationStatus)")) }
            guard data.count <= request.limitBytes else { return .failure(FetchError("too large")) }
            let status = Int(String(decoding: data.suffix(3), as: UTF8.self)) ?? 0
            return .success(MetricsAnswer(status: status, body: Array(data.dropLast(4))))
        } catch {
            return .failure(FetchError("curl did not run"))
        }
    }
}
