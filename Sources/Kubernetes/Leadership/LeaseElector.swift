public import Control
import Documents
import Synchronization

/// Contends for a Lease, and holds it as long as it can renew it.
///
/// ``term()`` can be asked from anywhere; it is answered from the clock and what is known, and never waits.
public final class LeaseElector: Leadership {
    /// What a contender tells of itself. Not for decisions: those ask ``LeaseElector/term()``.
    public enum News: Sendable, Hashable {
        case leads(FencingToken)
        /// - holder: Empty where nobody is known.
        case follows(holder: String)
        /// A request failed; it is tried again.
        case failed(KubernetesError)
        case released
    }

    private let client: KubernetesClient
    private let collection: String
    private let name: String
    private let namespace: String
    private let clock: ClientClock
    private let state: Mutex<LeaseState>
    private let tell: @Sendable (News) -> Void

    /// - Parameter identity: Unique among all processes ever.
    /// - Parameter latestTerm: The highest term the targets have seen.
    /// - Parameter tell: Is told of changes; called on the task of ``run()``, so it must not wait.
    /// - Throws: `KubernetesError` of kind `unreachable` where the system has no thread or descriptor left, `unsafe` for a bad name.
    public init(
        _ access: ClusterAccess, namespace: String, name: String, identity: String, timing: LeaseTiming = LeaseTiming(),
        latestTerm: FencingToken = FencingToken(rawValue: 0), clock: ClientClock = .system,
        tell: @escaping @Sendable (News) -> Void = { _ in }
    ) throws(KubernetesError) {
        collection = "/apis/coordination.k8s.io/v1/namespaces/\(namespace)/leases"
        guard APIAddress.isPath("\(collection)/\(name)"), !identity.isEmpty else {
            throw KubernetesError(.unsafe, request: "lease \(namespace)/\(name)", message: "it needs a plain name and an identity")
        }
        // A client of its own: a renewal waits for nobody, and one that hangs leaves time for another. A conflict with itself costs a look.
        let settings = KubernetesClientSettings(
            deadline: timing.renewDeadline / 2, maximumAttempts: 2, reusesConnectionsToReplace: true)
        client = try KubernetesClient(access, settings: settings, clock: clock)
        self.namespace = namespace
        self.name = name
        self.clock = clock
        self.tell = tell
        state = Mutex(LeaseState(identity: identity, timing: timing, latestTerm: latestTerm))
    }

    public func term() -> FencingToken? {
        let now = clock.now()
        return state.withLock { $0.term(at: now) }
    }

    public func outranked(by term: FencingToken) { state.withLock { $0.note(term: term) } }

    /// Contends until the task is cancelled, then gives the lease up, so that others need not wait.
    public func run() async {
        var action = LeaseState.Action.read
        var latest: News?
        while !Task.isCancelled {
            let input = await carryOut(action)
            let now = clock.now()
            let wall = clock.wall()
            let (next, news) = state.withLock { state in
                let next = state.step(input, at: now, wall: wall)
                return (next, state.term(at: now).map { News.leads($0) } ?? .follows(holder: state.holder))
            }
            action = next
            if news != latest { tell(news) }
            latest = news
        }
        // What is in flight is over; giving up must not be cancelled with the rest.
        await Task { await self.release() }.value
        await client.shutdown()
    }

    private func carryOut(_ action: LeaseState.Action) async -> LeaseState.Input {
        let sentAt = clock.now()
        do throws(KubernetesError) {
            switch action {
            case .wait(let time):
                // Ends early where the task is cancelled, which the loop sees.
                try? await clock.sleep(time)
                return .woke
            case .read: return .read(ObservedLease(try await client.get("\(collection)/\(name)").object))
            case .create(let record):
                return .wrote(ObservedLease(try await client.create(collection, newLease(record)).object), sentAt: sentAt)
            case .replace(let lease, let record):
                let answer = try await client.update("\(collection)/\(name)", lease.replacing(record))
                return .wrote(ObservedLease(answer.object), sentAt: sentAt)
            }
        } catch {
            return input(after: error, of: action)
        }
    }

    private func input(after error: KubernetesError, of action: LeaseState.Action) -> LeaseState.Input {
        switch (error.kind, action) {
        case (.notFound(.object), .read): return .read(nil)
        case (.conflict, _), (.alreadyExists, _), (.notFound(.object), .replace): return .lostRace
        default:
            if error.kind != .cancelled { tell(.failed(error)) }
            return .failed
        }
    }

    /// One try, and one more with what is there now; the lease runs out by itself where both fail.
    private func release() async {
        let wall = clock.wall()
        guard case .replace(let lease, let record)? = state.withLock({ $0.release(wall: wall) }) else { return }
        do throws(KubernetesError) {
            do {
                _ = try await client.update("\(collection)/\(name)", lease.replacing(record))
            } catch {
                let now = ObservedLease(try await client.get("\(collection)/\(name)").object)
                guard now.record.holder == lease.record.holder else { return }
                var released = record
                released.transitions = now.record.transitions
                _ = try await client.update("\(collection)/\(name)", now.replacing(released))
            }
            tell(.released)
        } catch {
            tell(.failed(error))
        }
    }

    private func newLease(_ record: LeaseRecord) -> DocumentValue {
        .members([
            "apiVersion": .string("coordination.k8s.io/v1"), "kind": .string("Lease"),
            "metadata": .members(["name": .string(name), "namespace": .string(namespace)]), "spec": .object(record.members),
        ])
    }
}
