import Foundation

/// `nghttpd`, the HTTP/2 server of nghttp2, which serves the files of a folder.
final class HTTP2Server: Sendable {
    static let isPossible = TLSServer.isPossible && TLSServer.has("nghttpd")

    let port: Int
    private let process: Process

    /// - Parameter certificates: Their folder is served.
    init(_ certificates: TLSServer.Certificates, withTLS: Bool) throws {
        process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        let search = (ProcessInfo.processInfo.environment["PATH"] ?? "") + ":/usr/sbin"
        let tls = withTLS ? ["0", "server.key", "server.pem"] : ["--no-tls", "0"]
        process.arguments = ["PATH=" + search, "nghttpd", "--htdocs=.", "--address=127.0.0.1"] + tls
        process.currentDirectoryURL = certificates.folder
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        let number = process.processIdentifier
        var port: Int?
        while port == nil && process.isRunning { port = Self.listeningPort(of: number) }
        guard let port else { throw CocoaError(.executableRuntimeMismatch) }
        self.port = port
    }

    func stop() {
        kill(process.processIdentifier, SIGKILL)  // Started from a thread that blocks the others, which it inherits.
        process.waitUntilExit()
    }

    /// It does not say which port the system gave it; the system does.
    private static func listeningPort(of process: Int32) -> Int? {
        // What is not there yet, or no longer, is no port either.
        let descriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd")) ?? []
        let sockets = descriptors.compactMap { descriptor -> String? in
            let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/fd/\(descriptor)")
            return target.flatMap { $0.hasPrefix("socket:[") ? String($0.dropFirst(8).dropLast()) : nil }
        }
        guard let table = fopen("/proc/\(process)/net/tcp", "r") else { return nil }  // Foundation reads the first page only.
        defer { fclose(table) }
        var buffer = [CChar](repeating: 0, count: 1_024)
        while let line = fgets(&buffer, Int32(buffer.count), table).map({ String(cString: $0) }) {
            let fields = line.split(separator: " ")
            let isListening = fields.count > 9 && fields[3] == "0A"
            guard isListening, sockets.contains(String(fields[9])), let colon = fields[1].firstIndex(of: ":") else { continue }
            return Int(fields[1][fields[1].index(after: colon)...], radix: 16)
        }
        return nil
    }
}
