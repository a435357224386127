import Foundation
import Synchronization
import TestSupport

/// An engine whose replicas are a number in a file, set by a script, and whose first token comes the sooner the more there are.
final class OperatedEngine: Sendable {
    let folder: URL
    let server: LoopbackServer

    /// - Parameters:
    ///   - key: The API key it asks for; `nil` for none.
    ///   - firstToken: Milliseconds to the first token with so many replicas.
    init(
        folder: TemporaryFolder, replicas: Int = 1, key: String? = nil, firstToken: @escaping @Sendable (Int) -> Int = { 300 / $0 }
    ) throws {
        let path = folder.path("replicas")
        _ = try folder.write("\(replicas)", to: "replicas")
        _ = try folder.write("printf %s \"$2\" > \"$1.new\" && mv \"$1.new\" \"$1\"\n", to: "set.sh")
        _ = try folder.write("printf 'replicas=%s\\n' \"$(cat \"$1\")\"\n", to: "get.sh")
        self.folder = folder.url
        let number = Counter()
        server = try LoopbackServer { request, writer in
            guard key == nil || request.header("Authorization") == "Bearer \(key ?? "")" else {
                return try writer.answer(401, #"{"error":{"message":"who are you?"}}"#)
            }
            let replicas = (try? String(contentsOfFile: path, encoding: .utf8)).flatMap(Int.init) ?? 1
            // Up to a tenth more or less, in turn: an engine is never quite the same.
            let wobble = [0.95, 1.05, 1.0, 0.9, 1.1, 1.02, 0.97][number.next() % 7]
            try writer.begin(headers: [("Content-Type", "text/event-stream")])
            usleep(UInt32(Double(firstToken(replicas)) * wobble * 1_000))
            for index in 0..<4 {
                if index > 0 { usleep(UInt32(3_000 * wobble)) }
                try writer.chunk(#"data: {"choices":[{"index":0,"delta":{"content":"a"}}]}"# + "\n\n")
            }
            try writer.chunk(#"data: {"choices":[],"usage":{"prompt_tokens":20,"completion_tokens":4}}"# + "\n\n")
            try writer.chunk("data: [DONE]\n\n")
            try writer.end()
        }
    }

    private final class Counter: Sendable {
        private let count = Mutex(0)

        func next() -> Int {
            count.withLock { count in
                count += 1
                return count
            }
        }
    }

    var replicas: Int? { (try? String(contentsOf: folder.appending(path: "replicas"), encoding: .utf8)).flatMap(Int.init) }

    func stop() { server.stop() }

    /// A policy that scales up when the first token is later than 150 ms, with windows of seconds.
    func policy(_ name: String = "engine", mode: String = "auto", target: String? = nil, probe: String = "", more: String = "") -> String {
        """
        apiVersion: llm-devops.io/v1alpha1
        kind: OptimizationPolicy
        metadata: {name: \(name)}
        spec:
          mode: \(mode)
          target:
            \(target ?? command(name))
          objective: {ttft: {p90: 150ms}}
          monitor:
            interval: 1s
            staleAfter: 30s
            sources:
            - {name: black-box, probe: {endpoint: "\(server.url)/v1", provider: openai, model: tiny, rate: 15/s\(probe)}}
          triggers:
          - name: late
            type: latencyThreshold
            when: {latencyExceeds: {metric: ttft, percentile: p90, threshold: 150ms}}
            window: 6s
            minSamples: 20
            cooldown: 5m
          knobs:
            replicas: {min: 1, max: 4}
          verify: {settle: 1s, window: 20s, minSamples: 20, rollbackIfWorseBy: 10%}
          learning: {holdout: 0%}
        \(more)
        """
    }

    private func command(_ name: String) -> String {
        let folder = folder.path
        return """
            command:
                  name: \(name)
                  set: {run: [/bin/sh, "\(folder)/set.sh", "\(folder)/replicas", "{replicas}"]}
                  get: {run: [/bin/sh, "\(folder)/get.sh", "\(folder)/replicas"]}
            """
    }
}
