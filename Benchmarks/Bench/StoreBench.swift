import Control
import EpisodeStore
import Foundation
import Learning
import Measurements
import Policies
import Statistics

/// 100 000 episodes in the store, and what one decision reads of them.
func measureStore() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("store-bench-\(ProcessInfo.processInfo.processIdentifier)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }  // What stays behind in the temporary folder harms nobody.
    let store = try EpisodeStore(path: folder.appendingPathComponent("store.sqlite").path)
    let count = 100_000
    let writing = try bestOf(1) {
        var random = SplitMix64(seed: 3)
        for index in 0..<count { try store.append(episode(index, &random)) }
    }
    row("store: append an episode, each in a transaction", "\(Int(Double(count) / writing)) episodes/s", target: "")
    var found = 0
    let reading = try bestOf(20) { found = try store.samples(deployment: "llm/chat-7", action: "replicas+1", limit: 2_000).count }
    row("store: decision query among 100 000 episodes", "\((reading * 1e5).rounded() / 100) ms", target: "< 5 ms")
    row("  check: episodes found", "\(found)", target: "")

    let measurements = 200_000
    let importing = try bestOf(1) {
        _ = try store.importMeasurements { append in
            for index in 0..<measurements { try append(measurement(index)) }
            return ImportRecord(
                source: .init(name: "bench", tool: "bench", digest: "0", runs: []), format: "bench",
                time: Timestamp(nanosecondsSinceEpoch: 1_800_000_000_000_000_000))
        }
    }
    row("store: keep measurements", "\(Int(Double(measurements) / importing)) measurements/s", target: "")
}

private func episode(_ index: Int, _ random: inout SplitMix64) throws -> EpisodeRecord {
    let action = ["replicas+1", "maxNumSeqs+1", EpisodeRecord.noOperation][index % 3]
    var episode = EpisodeRecord(
        id: UUID(), deployment: "llm/chat-\(random.next() % 20)",
        decidedAt: Timestamp(nanosecondsSinceEpoch: 1_700_000_000_000_000_000 + Int64(index) * 60_000_000_000),
        mode: index % 3 == 2 ? .holdout : .temporal,
        propensities: try Propensities(
            chosen: action, distribution: ["replicas+1": 0.45, "maxNumSeqs+1": 0.45, EpisodeRecord.noOperation: 0.1]))
    episode.closure = EpisodeClosure(time: episode.decidedAt.advanced(by: .seconds(600)), verdict: .improved, stopReason: "benefit shown")
    return episode
}

private func measurement(_ index: Int) -> InferenceMeasurement {
    var measurement = InferenceMeasurement(
        id: UUID(), time: Timestamp(nanosecondsSinceEpoch: 1_800_000_000_000_000_000 + Int64(index) * 1_000_000), model: "m",
        provider: "vllm",
        endpoint: "http://e")
    measurement.timeToFirstToken = Nanoseconds(milliseconds: 100)
    measurement.timePerOutputToken = Nanoseconds(milliseconds: 20)
    measurement.endToEnd = Nanoseconds(seconds: 2)
    measurement.outputTokens = 100
    return measurement
}
