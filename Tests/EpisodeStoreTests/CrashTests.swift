import Control
import EpisodeStore
import EpisodeStoreHelper
import Foundation
import Learning
import Measurements
import Policies
import TestSupport
import Testing

@Suite struct CrashTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("kill -9 in the middle of an import leaves nothing of it, and the content can come again", .timeLimit(.minutes(1)))
    func killedImport() throws {
        do {
            _ = try EpisodeStore(path: folder.store).importMeasurements { append in
                try append(Samples.measurement(1))
                return Samples.importRecord(digest: "0001")
            }
        }
        let helper = try Helper("import", folder.store)
        #expect(try helper.readLine() == "ready")
        let log = try TemporaryFolder.bytes(folder.store + "-wal")
        #expect(log.count > 1 << 20, "the import was in the log when it was killed")
        helper.kill()

        let store = try EpisodeStore(path: folder.store)
        #expect(try store.integrityCheck().isEmpty)
        #expect(try store.imports().map(\.record.source.digest) == ["0001"])
        #expect(try !store.isImported(digest: "ffff"))
        var count = 0
        try store.forEachMeasurement { _ in count += 1 }
        #expect(count == 1)
        let again = try store.importMeasurements { append in
            try append(Samples.measurement(2))
            return Samples.importRecord(digest: "ffff")
        }
        guard case .stored(let stored) = again else { Issue.record("not stored: \(again)"); return }
        #expect(stored.measurementCount == 1)
    }

    @Test("kill -9 while cycles are recorded loses none that was reported, and keeps none by halves", .timeLimit(.minutes(1)))
    func killedCycles() throws {
        let helper = try Helper("cycles", folder.store)
        var reported = 0
        while reported < 25, try helper.readLine() != nil { reported += 1 }
        helper.kill()

        let store = try EpisodeStore(path: folder.store)
        #expect(try store.integrityCheck().isEmpty)
        let cycles = try store.cycles(limit: 10_000)
        #expect(reported == 25 && cycles.count >= 25)
        let expected = Samples.cycle().decision
        for summary in cycles { #expect(summary.recommendations.map(\.candidate) == expected.recommendations.map(\.candidate)) }
        let history = try store.history(for: "chat", since: Samples.time)
        #expect(history.triggers == expected.nextTriggers)
        let scalings = expected.recommendations.count { $0.candidate.role == .replicas }
        #expect(history.replicaRecommendations.count == cycles.count * scalings)
    }

    @Test("a store in use is refused with the number of the process; when that is killed, it is free", .timeLimit(.minutes(1)))
    func killedHolder() throws {
        let helper = try Helper("hold", folder.store)
        #expect(try helper.readLine() == "ready")
        let error = try #require(throws: StoreError.self) { _ = try EpisodeStore(path: folder.store) }
        #expect(error.kind == .locked && error.cause.contains("process \(helper.processIdentifier) "))
        #expect(try EpisodeStore(readingFrom: folder.store).cycles().isEmpty)
        helper.kill()
        _ = try EpisodeStore(path: folder.store)
    }
}
