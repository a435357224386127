import Foundation

/// Certificates made for one test by `openssl`, and servers that show them.
final class TLSServer: Sendable {
    static let isPossible = ["openssl", "python3"].allSatisfy { has($0) }

    /// An authority, a server certificate for `localhost` and `kubernetes.internal`, and a client certificate, as PEM files.
    struct Certificates: Sendable {
        let folder: URL

        init() throws {
            folder = FileManager.default.temporaryDirectory.appending(path: "transport-tls-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let script = """
                set -e
                for name in authority stranger; do
                  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=$name" \
                    -keyout $name.key -out $name.pem
                done
                sign() {
                  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$1" -keyout $1.key -out $1.csr
                  printf "$2" > $1.ext
                  openssl x509 -req -in $1.csr -CA authority.pem -CAkey authority.key -CAcreateserial -days 2 -extfile $1.ext -out $1.pem
                }
                sign server "subjectAltName=DNS:localhost,DNS:kubernetes.internal"
                sign client "extendedKeyUsage=clientAuth"
                """
            let process = Process()
            process.executableURL = URL(filePath: "/bin/sh")
            process.arguments = ["-c", script]
            process.currentDirectoryURL = folder
            process.standardError = FileHandle.nullDevice
            try process.run()
            process.waitUntilExit()
            guard process.terminationStatus == 0 else { throw CocoaError(.executableRuntimeMismatch) }
        }

        func path(_ name: String) -> String { folder.appending(path: name).path }

        func bytes(_ name: String) throws -> [UInt8] { try Array(Data(contentsOf: folder.appending(path: name))) }

        /// Leftovers in the temporary folder harm nobody.
        func remove() { try? FileManager.default.removeItem(at: folder) }
    }

    /// Answers each request with the common name of the client's certificate, the name asked for (SNI), the Host header and the protocol
    /// agreed on; asks for a certificate where the first argument is `yes`; offers HTTP/2, which it does not speak, where the second is;
    /// prints its port. Ends with its standard input.
    private static let script = """
        import http.server, os, ssl, sys, threading
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def do_GET(self):
                peer = self.connection.getpeercert()
                name = dict(pair[0] for pair in peer["subject"])["commonName"] if peer else "nobody"
                body = ("%s %s %s %s" % (name, getattr(self.connection, "asked", None), self.headers["Host"],
                        self.connection.selected_alpn_protocol())).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            def log_message(self, *arguments): pass
        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, request, address): pass
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain("server.pem", "server.key")
        context.load_verify_locations("authority.pem")
        if sys.argv[1] == "yes": context.verify_mode = ssl.CERT_REQUIRED
        context.set_alpn_protocols(["h2", "http/1.1"] if sys.argv[2] == "yes" else ["http/1.1"])
        context.sni_callback = lambda connection, name, _: setattr(connection, "asked", name)
        server = Server(("127.0.0.1", 0), Handler)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        print(server.server_address[1], flush=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sys.stdin.read()
        os._exit(0)
        """

    let port: Int
    private let process: Process
    private let input: Pipe

    init(_ certificates: Certificates, asksForCertificate: Bool = false, offersHTTP2: Bool = false) throws {
        process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", "-c", Self.script, asksForCertificate ? "yes" : "no", offersHTTP2 ? "yes" : "no"]
        process.currentDirectoryURL = certificates.folder
        input = Pipe()
        process.standardInput = input
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let line = output.fileHandleForReading.availableData  // Blocks until it listens.
        guard let port = Int(String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw CocoaError(.executableRuntimeMismatch)
        }
        self.port = port
    }

    var url: String { "https://localhost:\(port)" }

    func stop() {
        try? input.fileHandleForWriting.close()  // The process ends with its input; if it has ended already, all the better.
        process.waitUntilExit()
    }

    static func has(_ tool: String) -> Bool {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let folders: [Substring] = path.split(separator: ":") + ["/usr/sbin"]
        return folders.contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(tool)") }
    }
}
