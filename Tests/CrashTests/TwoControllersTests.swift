import ControllerHelper
import Foundation
import KubernetesTestSupport
import Statistics
import Testing

/// Two controllers in processes of their own, a store each, one lease and one target; they are stopped and let go on at random.
///
/// For 20 s, or `TWO_CONTROLLERS` seconds; `TWO_CONTROLLERS_SEED` gives other pauses.
@Suite("Two controllers")
struct TwoControllersTests {
    static let environment = ProcessInfo.processInfo.environment
    static let length = Duration.seconds(environment["TWO_CONTROLLERS"].flatMap(Int.init) ?? 20)
    static let seed = environment["TWO_CONTROLLERS_SEED"].flatMap(UInt64.init) ?? 1

    @Test("never write in each other's term, whatever pauses they are put through", .timeLimit(.minutes(10)))
    func pauses() async throws {
        let target = try TestCluster()
        let contenders = try ["one", "two"].map { try Contender($0, target) }
        var random = SplitMix64(seed: Self.seed)
        let end = ContinuousClock.now + Self.length
        var pauses = 0
        while ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(300 + Int(random.next() % 1_500)))
            target.resetWhenDone()
            // Most often the one that leads: a follower that stands still is no test.
            let leader = contenders.first { $0.name == target.leader } ?? contenders[0]
            let stopped = random.next() % 4 == 0 ? contenders.first { $0.name != leader.name }! : leader
            stopped.process.send(SIGSTOP)
            pauses += 1
            try await Task.sleep(for: .milliseconds(100 + Int(random.next() % 4_000)))
            target.resetWhenDone()
            stopped.process.send(SIGCONT)
        }
        for contender in contenders { contender.process.kill() }
        for contender in contenders { #expect(try contender.process.finish().end == .killed) }
        let log = WriteLog(target.cluster.writes)
        #expect(log.violations == [], "replay with TWO_CONTROLLERS_SEED=\(Self.seed)")
        #expect(log.terms.count >= 3, "leadership changed \(log.terms.count - 1) times in \(pauses) pauses")
        #expect(log.writesByTerm.count >= 2 && log.applied.count >= 2)
        print(
            "two controllers: \(pauses) pauses, \(log.terms.count) terms, of which \(log.writesByTerm.count) wrote; "
                + "\(log.writesByTerm.values.reduce(0, +)) writes, \(log.applied.count) adjustments, \(log.late) writes after a newer term began"
        )
    }
}

private final class Contender {
    let name: String
    let process: HelperProcess
    private let folder: TemporaryFolder

    init(_ name: String, _ target: TestCluster) throws {
        self.name = name
        folder = try TemporaryFolder()
        process = try HelperProcess([("server", target.server.url), ("folder", folder.path), ("contend", name)])
    }

    deinit { process.kill() }
}

extension TestCluster {
    fileprivate var leader: String? {
        cluster.object(.leases, namespace: "llm", name: "llm-auto-optimizer")?["spec", "holderIdentity"]?.text
    }

    /// Somebody sets the knob back when there is nothing left to improve and nothing on its way.
    fileprivate func resetWhenDone() {
        if value(.argument) == 16, annotation(Self.mark) == nil { setArgument(2) }
    }
}

/// What the API server's log of writes says of who led and who wrote.
private struct WriteLog {
    /// Holder by term.
    var terms: [Int64: String] = [:]
    var writesByTerm: [Int64: Int] = [:]
    /// Times each adjustment was applied.
    var applied: [String: Int] = [:]
    /// Writes of a term that was over by the lease, before the next one's fence was set.
    var late = 0
    var violations: [String] = []
    private var latestTerm: Int64 = 0

    init(_ writes: [WriteRecord]) {
        for write in writes {
            if write.resource.hasPrefix("leases") { note(lease: write) }
            if write.resource == "deployments.apps", ["one", "two"].contains(write.user) { note(change: write) }
        }
        for (id, count) in applied where count > 1 { violations.append("\(id) was applied \(count) times") }
    }

    private mutating func note(lease write: WriteRecord) {
        guard let holder = write.after["spec", "holderIdentity"]?.text, let term = write.after["spec", "leaseTransitions"]?.integer,
            !holder.isEmpty
        else { return }
        if let known = terms[term], known != holder { violations.append("term \(term) was held by \(known) and by \(holder)") }
        terms[term] = holder
    }

    private mutating func note(change write: WriteRecord) {
        guard let fence = write.after["metadata", "annotations", TestCluster.fence]?.text, let term = Int64(fence) else {
            return violations.append("write \(write.resourceVersion) of \(write.user) bears no fence")
        }
        if terms[term] != write.user { violations.append("\(write.user) wrote in term \(term), which \(terms[term] ?? "nobody") held") }
        if term < latestTerm { violations.append("\(write.user) wrote in term \(term) after somebody wrote in term \(latestTerm)") }
        if term < terms.keys.max() ?? 0 { late += 1 }
        latestTerm = max(latestTerm, term)
        writesByTerm[term, default: 0] += 1
        guard let before = write.before.flatMap({ TestCluster.value(.argument, of: $0) }),
            let after = TestCluster.value(.argument, of: write.after), after > before,
            let mark = write.after["metadata", "annotations", TestCluster.mark]?.text,
            let id = (try? JSONValue.parse(mark))?["id"]?.text
        else { return }
        applied[id, default: 0] += 1
    }
}
