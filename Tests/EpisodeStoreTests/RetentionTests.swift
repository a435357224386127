import Control
import EpisodeStoreHelper
import Foundation
import GRDB
import Learning
import Measurements
import TestSupport
import Testing

@testable import EpisodeStore

@Suite struct RetentionTests {
    let folder: TemporaryFolder
    let store: EpisodeStore

    init() throws {
        folder = try TemporaryFolder()
        store = try EpisodeStore(path: folder.store)
    }

    private func fill() throws {
        for number in 1...3 {
            _ = try store.importMeasurements { append in
                for index in 0..<1_000 { try append(Samples.measurement(index)) }
                var record = Samples.importRecord(digest: "000\(number)")
                record.time = Samples.time.advanced(by: .seconds(number))
                return record
            }
            try store.recordCycle(Samples.cycle(UInt32(number)), remembering: true)
            try store.append(Samples.episode(UInt32(number)))
        }
        try store.append(Samples.episode(0, closed: false))
        try store.append([EpisodeBucket(index: 0, arm: .control, requests: 1)], to: Samples.id(1))
    }

    @Test("what is older than the given time goes, what is not stays, and open episodes stay in any case")
    func byAge() throws {
        try fill()
        let report = try store.prune(olderThan: Samples.time.advanced(by: .seconds(3)))
        #expect(report.imports == 2 && report.cycles == 2 && report.others == 2 && report.episodes == 0)
        #expect(report.measurements == 2_000 + 300, "those of old imports and the old ones of the new import")
        #expect(try store.imports().map(\.record.source.digest) == ["0003"])
        #expect(try store.cycles().map(\.id) == [Samples.id(3)])
        #expect(try store.history(for: "chat", since: Samples.time).triggers.count == 1)
        let all = try store.prune(olderThan: Samples.time.advanced(by: .seconds(86_400)))
        #expect(all.episodes == 3)
        #expect(try store.openEpisodes().map(\.id) == [Samples.id(0)])
        #expect(try store.integrityCheck().isEmpty)
    }

    @Test("what is too much goes until it fits: imports first, then cycles, then closed episodes")
    func bySize() throws {
        try fill()
        let full = try store.prune()
        #expect(full.bytesAfter == full.bytesBefore && full.imports == 0)
        let some = try store.prune(maximumBytes: full.bytesAfter - 4_096)
        #expect(some.imports == 1 && some.measurements == 1_000 && some.cycles == 0)
        #expect(some.bytesAfter <= full.bytesAfter - 4_096)
        #expect(try store.imports().map(\.record.source.digest) == ["0003", "0002"])
        let most = try store.prune(maximumBytes: 1)
        #expect(most.imports == 2 && most.cycles == 3 && most.episodes == 3)
        #expect(try store.openEpisodes().count == 1, "nothing is left that may go")
        #expect(try store.integrityCheck().isEmpty)
        #expect(try store.read("count") { try Int.fetchOne($0, sql: "SELECT count(*) FROM label") } == 0)
        #expect(try store.read("count") { try Int.fetchOne($0, sql: "SELECT count(*) FROM policy_version") } == 0)
    }

    @Test("the room is given back to the file system")
    func vacuum() throws {
        try fill()
        let report = try store.prune(maximumBytes: 1)
        #expect(report.bytesAfter < report.bytesBefore / 2)
        let free = try store.read("look at") { try Int.fetchOne($0, sql: "PRAGMA freelist_count") }
        #expect(free == 0)
        #expect(try TemporaryFolder.bytes(folder.store).count == report.bytesAfter)
    }
}
