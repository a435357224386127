import Control
import EpisodeStoreHelper
import Foundation
import GRDB
import Measurements
import TestSupport
import Testing

@testable import EpisodeStore

@Suite struct ImportTests {
    let folder: TemporaryFolder
    let store: EpisodeStore

    init() throws {
        folder = try TemporaryFolder()
        store = try EpisodeStore(path: folder.store)
    }

    private func stored() throws -> [InferenceMeasurement] {
        var all: [InferenceMeasurement] = []
        try store.forEachMeasurement { all.append($0) }
        return all
    }

    private func importing(_ measurements: [InferenceMeasurement], digest: String = "0001") throws -> ImportOutcome {
        try store.importMeasurements { append in
            for measurement in measurements { try append(measurement) }
            return Samples.importRecord(digest: digest)
        }
    }

    @Test("every field comes back as it went in: zero as zero, missing as missing, not finite as not finite")
    func everyField() throws {
        var full = Samples.measurement(1)
        full.intendedTime = Samples.time.advanced(by: .nanoseconds(-1))
        full.prefill = Nanoseconds(1)
        full.decode = Nanoseconds(.max)
        full.queue = Nanoseconds(0)
        full.network = Nanoseconds(-5)
        full.chunkGaps = [Nanoseconds(0), Nanoseconds(20_000_000), Nanoseconds(-1), Nanoseconds(.max), Nanoseconds(.min)]
        full.gpuUtilization = 0
        full.memoryUtilization = 0.5
        full.keyValueCacheUtilization = 1
        full.error = InferenceError(type: "http_429", message: "slow down", code: 429)
        full.notFinite = [.timePerOutputToken, .keyValueCacheUtilization]
        var bare = InferenceMeasurement(id: Samples.id(2))
        bare.chunkGaps = []
        bare.error = InferenceError(type: "", message: "zeit\u{FC}berschreitung 🕰")
        bare.notFinite = .endToEnd
        let empty = InferenceMeasurement(id: Samples.id(3))
        _ = try importing([full, bare, empty])
        // Without a time they come first, in the order of their source.
        #expect(try stored() == [bare, empty, full])
    }

    @Test("the same content counts once, whatever the file is called")
    func repeated() throws {
        let first = try importing([Samples.measurement(1)])
        guard case .stored(let original) = first else { Issue.record("the first import was not stored"); return }
        #expect(original.measurementCount == 1 && original.record == Samples.importRecord(digest: "0001"))
        #expect(try store.isImported(digest: "0001"))
        let second = try importing([Samples.measurement(1), Samples.measurement(2)])
        #expect(second == .alreadyStored(original))
        #expect(try stored().count == 1)
        #expect(try store.imports() == [original])
    }

    struct Interruption: Error {}

    @Test("an import that is broken off leaves nothing, and the store goes on")
    func aborted() throws {
        #expect(throws: Interruption.self) {
            _ = try store.importMeasurements { append in
                for index in 0..<10_000 { try append(Samples.measurement(index)) }
                throw Interruption()
            }
        }
        #expect(try stored().isEmpty && store.imports().isEmpty)
        #expect(try !store.isImported(digest: "0001"))
        #expect(
            try importing([Samples.measurement(1)])
                != .alreadyStored(StoredImport(id: 1, record: Samples.importRecord(), measurementCount: 0)))
        #expect(try store.integrityCheck().isEmpty)
    }

    @Test("reading by time takes the beginning and leaves the end out; reading by import keeps the order of the source")
    func ranges() throws {
        _ = try importing((0..<10).reversed().map { Samples.measurement($0) }, digest: "0001")
        _ = try importing([Samples.measurement(3), InferenceMeasurement(id: Samples.id(99))], digest: "0002")
        var times: [Timestamp?] = []
        let (since, until) = (Samples.time.advanced(by: .milliseconds(20)), Samples.time.advanced(by: .milliseconds(40)))
        try store.forEachMeasurement(since: since, until: until) { times.append($0.time) }
        #expect(times == [since, since.advanced(by: .milliseconds(10)), since.advanced(by: .milliseconds(10))])
        var ids: [UUID] = []
        try store.forEachMeasurement(importIdentifier: 1) { ids.append($0.id) }
        #expect(ids == (0..<10).reversed().map { Samples.id($0) })
    }

    @Test("an error of the reader ends the reading")
    func readerThrows() throws {
        _ = try importing((0..<10).map { Samples.measurement($0) })
        var seen = 0
        #expect(throws: Interruption.self) {
            try store.forEachMeasurement { _ in
                seen += 1
                if seen == 3 { throw Interruption() }
            }
        }
        #expect(seen == 3)
    }

    @Test("reading by time uses the index")
    func plan() throws {
        let details = try store.read("explain") { database in
            try Row.fetchAll(
                database, sql: "EXPLAIN QUERY PLAN SELECT * FROM measurement WHERE time >= 1 AND time < 2 ORDER BY time, id"
            ).map { $0["detail"] as String }
        }
        #expect(details.contains { $0.contains("USING INDEX measurement_by_time") })
        #expect(!details.contains { $0.contains("TEMP B-TREE") })
    }

    @Test("gaps take few bytes, and damaged bytes are recognised")
    func gapCoding() {
        #expect(GapCoding.encode(Array(repeating: Nanoseconds(milliseconds: 20), count: 100)).count == 400)
        #expect(GapCoding.decode(Data()) == [])
        #expect(GapCoding.decode(Data([0x80])) == nil)
        #expect(GapCoding.decode(Data(repeating: 0xFF, count: 12)) == nil)
    }
}
