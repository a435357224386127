import Foundation
import Transport

/// A process of its own for what a process shares: its environment, its descriptors and its threads.
@main struct TransportHelper {
    static func main() async throws {
        let arguments = CommandLine.arguments
        switch arguments[1] {
        case "get": try await get(arguments[2])
        case "leaks": try await countLeaks(arguments[2], requests: Int(arguments[3]) ?? 0)
        default: exit(2)
        }
    }

    /// Prints what answers at an address, found as the environment says.
    private static func get(_ url: String) async throws {
        let answer = try await HTTPClient().send(HTTPRequest(url: url))
        print(String(decoding: answer.body, as: UTF8.self), terminator: "")
    }

    /// Prints descriptors and threads before the first client of a round, and after it.
    private static func countLeaks(_ url: String, requests: Int) async throws {
        try await use(url, requests: 10)  // What the runtime and libcurl keep for good is there after a first round.
        let before = held()
        try await use(url, requests: requests)
        print(before, held(), separator: "\n")
    }

    private static func use(_ url: String, requests: Int) async throws {
        let client = try HTTPClient()
        for index in 0..<requests {
            switch index % 3 {
            case 0: _ = try await client.send(HTTPRequest(url: url))
            case 1: _ = try await client.stream(HTTPRequest(url: url)).body.first { _ in true }
            default: _ = try? await client.send(HTTPRequest(url: "http://127.0.0.1:1/"))  // Refused, as it should be.
            }
        }
        await client.shutdown()
        while heldThreads() > 0 { await Task.yield() }  // The thread has done its last and is on its way out.
    }

    private static func held() -> String {
        let descriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? -1
        return "\(descriptors) descriptors, \(heldThreads()) transport threads"
    }

    /// The executor's own threads do not count: how many there are is its affair.
    private static func heldThreads() -> Int {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []).filter { task in
            (try? String(contentsOfFile: "/proc/self/task/\(task)/comm", encoding: .utf8)) == "http-transport\n"
        }.count
    }
}
