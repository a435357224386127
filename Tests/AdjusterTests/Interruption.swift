import Control
import KubernetesTestSupport
import Synchronization

/// Holds a request of user `one` in the cluster, does something in between, and lets it go on.
/// - Parameters:
///   - number: The request from now on, counted from 1; `nil` for the next write.
///   - event: Not done where the attempt ends without sending so many requests.
/// - Returns: The error of the attempt; `nil` where it succeeds.
func interrupted(
    _ target: TestTarget, number: Int?, _ event: () async throws -> Void,
    _ attempt: @escaping @Sendable () async throws(AdjusterError) -> Void
) async throws -> AdjusterError? {
    let match =
        number.map { Fault.Match(user: "one", number: target.cluster.requests.count + $0) } ?? Fault.Match(verb: "patch", user: "one")
    target.cluster.inject(Fault(.stall(processOnRelease: true), match: match))
    let done = Flag()
    let running = Task { () -> AdjusterError? in
        defer { done.raise() }
        return await failure(attempt)
    }
    while !done.isRaised && target.cluster.stalledRequests == 0 { await Task.yield() }
    if target.cluster.stalledRequests > 0 {
        try await event()
        target.cluster.releaseStalled()
    }
    let error = await running.value
    target.cluster.clearFaults()
    return error
}

/// Something that happens once.
final class Flag: Sendable {
    private let state = Atomic(false)

    var isRaised: Bool { state.load(ordering: .acquiring) }
    func raise() { state.store(true, ordering: .releasing) }
}
