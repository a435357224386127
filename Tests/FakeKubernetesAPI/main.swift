import Dispatch
import Documents
import Foundation
import KubernetesTestSupport

/// Serves a fake cluster to other processes: prints its address on one line and ends on SIGTERM or when its standard input closes.
///
///     FakeKubernetesAPI --manifest FILE [--token TOKEN] [--log FILE] [--rollouts automatic|manual]
///
/// The token, `fake-token` where none is given, may do everything.
var options: [String: String] = [:]
var rest = CommandLine.arguments.dropFirst()
while let name = rest.popFirst() {
    guard ["--manifest", "--token", "--log", "--rollouts"].contains(name), let value = rest.popFirst() else {
        FileHandle.standardError.write(Data("expected an option with its value, found '\(name)'\n".utf8))
        exit(64)
    }
    options[name] = value
}

let cluster = FakeCluster(namespaces: ["default"])
cluster.admit(.administrator, token: options["--token"] ?? "fake-token")
cluster.setRolloutMode(options["--rollouts"] == "manual" ? .manual : .automatic)

if let path = options["--manifest"] {
    for document in try YAMLDocument.parseAll(try String(contentsOfFile: path, encoding: .utf8)) {
        let object = JSONValue(document)
        if let namespace = object["metadata", "namespace"], cluster.object(.namespaces, name: namespace.text ?? "") == nil {
            cluster.seed(["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": namespace]])
        }
        let kept = cluster.seed(object)
        guard kept["kind"] != "Status" else {
            FileHandle.standardError.write(Data("cannot take \(path): \(kept["message"]?.text ?? "")\n".utf8))
            exit(65)
        }
    }
    cluster.advanceRollouts()
}

if let path = options["--log"] {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
        FileHandle.standardError.write(Data("cannot open '\(path)' for writing\n".utf8))
        exit(73)
    }
    // A line a write: what a reader sees of the file is never half a line but the last.
    cluster.observeWrites { record in
        let line = Array((record.json.json + "\n").utf8)
        _ = line.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    }
}

let server = try FakeAPIServer(cluster)
FileHandle.standardOutput.write(Data((server.url + "\n").utf8))

signal(SIGTERM, SIG_IGN)
let terminated = DispatchSource.makeSignalSource(signal: SIGTERM, queue: .main)
terminated.setEventHandler { exit(0) }
terminated.resume()
Thread.detachNewThread {
    while !FileHandle.standardInput.availableData.isEmpty {}
    exit(0)
}
dispatchMain()
