import Control
import Foundation
import Measurements
import Testing
import Watching

@Suite("Watched files")
struct WatchedFilesTests {
    @Test("a file is read when it has stopped changing, and once")
    func stable() async throws {
        let folder = try Folder()
        let source = WatchedFiles(name: "bench", patterns: [folder.path + "/*.jsonl"])
        #expect(await source.deliver(request).faults == ["no file matches '\(folder.path)/*.jsonl'."])
        try folder.write("a.jsonl", lines(1...2))
        #expect(await source.deliver(request) == Delivery())
        try folder.write("a.jsonl", lines(1...3))
        #expect(await source.deliver(request) == Delivery(), "it grew since the last look")
        let read = await source.deliver(request)
        #expect(read.measurements.map(\.endToEnd) == [1, 2, 3].map { Nanoseconds(milliseconds: $0 * 100) } && read.faults.isEmpty)
        #expect(await source.deliver(request) == Delivery())
    }

    @Test("of a file that has grown only what is new is delivered; a copy of it is nothing new")
    func grown() async throws {
        let folder = try Folder()
        let source = WatchedFiles(name: "bench", patterns: [folder.path + "/*.jsonl"])
        try folder.write("a.jsonl", lines(1...2))
        _ = await source.deliver(request)
        #expect(await source.deliver(request).measurements.count == 2)
        try folder.write("a.jsonl", lines(1...5))
        try folder.write("copy.jsonl", lines(1...5))
        _ = await source.deliver(request)
        #expect(await source.deliver(request).measurements.map(\.endToEnd) == [3, 4, 5].map { Nanoseconds(milliseconds: $0 * 100) })
        #expect(await source.deliver(request).measurements.isEmpty)
    }

    @Test("a bad file is a fault that names it, for as long as it is there, and hinders no other")
    func bad() async throws {
        let folder = try Folder()
        let source = WatchedFiles(name: "bench", patterns: [folder.path + "/*"])
        try folder.write("bad.json", "{\"what\": ")
        try folder.write("good.jsonl", lines(1...1))
        _ = await source.deliver(request)
        let first = await source.deliver(request)
        #expect(first.measurements.count == 1 && first.faults.count == 1)
        #expect(first.faults.first?.hasPrefix(folder.path + "/bad.json") == true)
        #expect(await source.deliver(request).faults == first.faults)
        try FileManager.default.removeItem(atPath: folder.path + "/bad.json")
        #expect(await source.deliver(request).faults.isEmpty)
    }

    @Test(
        "patterns match as a shell's do",
        arguments: [
            ("*.json", ["a.json", "b.json"]), ("?.json", ["a.json", "b.json"]), ("[ab].json", ["a.json", "b.json"]),
            ("[!a].json", ["b.json"]),
            ("[a-a]*", ["a.json"]), ("*/c.json", ["sub/c.json"]), ("*.txt", []), ("a.json", ["a.json"]), ("**", ["a.json", "b.json"]),
            (".*", [".hidden"]), ("missing/*", []), ("[z", []),
        ])
    func patterns(pattern: String, expected: [String]) throws {
        let folder = try Folder()
        for name in ["a.json", "b.json", ".hidden", "sub/c.json"] { try folder.write(name, "x") }
        #expect(FilePattern(folder.path + "/" + pattern).files(limit: 100).paths == expected.map { folder.path + "/" + $0 })
    }

    @Test("no more files are looked at than allowed")
    func bound() throws {
        let folder = try Folder()
        for index in 0..<20 { try folder.write("\(index)", "x") }
        let found = FilePattern(folder.path + "/*").files(limit: 10)
        #expect(found.paths.count == 10 && !found.isComplete)
    }

    private let request = DeliveryRequest(now: Timestamp(nanosecondsSinceEpoch: 0), questions: [], deadline: .seconds(60))

    private func lines(_ range: ClosedRange<Int>) -> String {
        range.map { index in
            let id = "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - "\(index)".count) + "\(index)"
            return #"{"measurement_id":"\#(id)","timestamp":"2026-11-21T00:00:00Z","model":"m","e2e_ms":\#(index * 100)}"# + "\n"
        }.joined()
    }
}

/// A folder that goes away with its last user.
private final class Folder {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "watched-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    func write(_ name: String, _ text: String) throws {
        let file = URL(filePath: path).appending(path: name)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }  // A leftover temporary folder harms nothing.
}
