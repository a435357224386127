import Dispatch
import Synchronization

/// A Kubernetes API server of the mind: what it answers is held to recorded answers of a real one.
///
/// It is a value behind a lock, without sockets and threads; ``FakeAPIServer`` serves it over HTTP.
public final class FakeCluster: Sendable {
    /// What is done with a connection.
    public enum Answer: Sendable {
        case response(FakeResponse)
        /// Only the first half of the body is sent, then the connection is cut.
        case cutInAnswer(FakeResponse)
        case cut
    }

    struct Guarded {
        var state: ClusterState
        var faults: [Fault] = []
        var stalled: [Stalled] = []
        var clockOffsetSeconds: Int64 = 0
    }

    struct Stalled {
        let request: FakeRequest
        let user: FakeUser
        let number: Int
        let processOnRelease: Bool
        let gate: Gate
    }

    /// Where a stalled request waits.
    final class Gate: Sendable {
        private let opened = DispatchSemaphore(value: 0)
        private let answer = Mutex<Answer>(.cut)

        func open(with answer: Answer) {
            self.answer.withLock { $0 = answer }
            opened.signal()
        }

        func pass() -> Answer {
            opened.wait()
            return answer.withLock(\.self)
        }
    }

    private enum Beginning: Sendable {
        case answered(Answer)
        case stalled(Gate)
    }

    private let guarded: Mutex<Guarded>
    private let clock: @Sendable () -> FakeTime

    /// - Parameter clock: What its objects' times come from.
    public init(namespaces: [String] = ["default"], clock: @escaping @Sendable () -> FakeTime = { FakeTime.now }) {
        self.clock = clock
        guarded = Mutex(Guarded(state: ClusterState(now: clock())))
        for name in namespaces { seed(["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(name)]]) }
    }

    func with<Result: Sendable>(_ body: (inout Guarded) -> Result) -> Result {
        guarded.withLock { guarded in
            guarded.state.now = clock().advanced(bySeconds: guarded.clockOffsetSeconds)
            return body(&guarded)
        }
    }

    /// Carries a request out for a user, without authentication and faults.
    @discardableResult
    public func answer(_ request: FakeRequest, as user: FakeUser = .administrator) -> FakeResponse {
        with { Self.carryOut(request, as: user, number: $0.state.record(request, user: user), &$0) }
    }

    /// Answers a request as it came: who it is from, the faults that are due, then what ``answer(_:as:)`` does.
    ///
    /// It waits, on the caller's thread, while the request is stalled.
    public func serve(_ request: FakeRequest) -> Answer {
        switch with({ Self.begin(request, &$0) }) {
        case .answered(let answer): answer
        case .stalled(let gate): gate.pass()
        }
    }

    private static func begin(_ request: FakeRequest, _ guarded: inout Guarded) -> Beginning {
        let user: FakeUser
        do {
            user = try guarded.state.authenticate(request)
        } catch {
            let number = guarded.state.record(request, user: FakeUser("", rules: []))
            guarded.state.requests[number - 1].status = error.code
            return .answered(.response(error.response))
        }
        let number = guarded.state.record(request, user: user)
        let target = guarded.state.target(of: request)
        guard let index = guarded.faults.firstIndex(where: { $0.match.strikes(target, user: user, number: number) }) else {
            return .answered(.response(carryOut(request, as: user, number: number, &guarded)))
        }
        let effect = guarded.faults[index].effect
        guarded.faults[index].times -= 1
        if guarded.faults[index].times <= 0 { guarded.faults.remove(at: index) }
        guarded.state.requests[number - 1].fault = "\(effect)"
        if case .stall(let processOnRelease) = effect {
            let gate = Gate()
            guarded.stalled.append(
                Stalled(request: request, user: user, number: number, processOnRelease: processOnRelease, gate: gate))
            return .stalled(gate)
        }
        return .answered(play(effect, target, request, user, number, &guarded))
    }

    private static func play(
        _ effect: Fault.Effect, _ target: RequestTarget?, _ request: FakeRequest, _ user: FakeUser, _ number: Int, _ guarded: inout Guarded
    ) -> Answer {
        switch effect {
        case .cutBeforeProcessing, .stall: return .cut
        case .answerLost:
            _ = carryOut(request, as: user, number: number, &guarded)
            return .cut
        case .cutInAnswer: return .cutInAnswer(carryOut(request, as: user, number: number, &guarded))
        case .gatewayTimeout(applied: true): _ = carryOut(request, as: user, number: number, &guarded)
        default: break
        }
        guard let failure = effect.failure(target, user, bodyName: (try? JSONValue.parse(request.body))?["metadata", "name"]?.text) else {
            return .cut
        }
        guarded.state.requests[number - 1].status = failure.code
        return .response(failure.response)
    }

    private static func carryOut(_ request: FakeRequest, as user: FakeUser, number: Int, _ guarded: inout Guarded) -> FakeResponse {
        let response = guarded.state.answer(request, as: user, number: number)
        guarded.state.requests[number - 1].status = response.status
        return response
    }

    /// Carries stalled requests out, in their order, or cuts them off, as their fault says.
    ///
    /// - Returns: How many there were.
    @discardableResult
    public func releaseStalled() -> Int {
        with { guarded in
            let stalled = guarded.stalled
            guarded.stalled = []
            for waiting in stalled {
                let answer: Answer =
                    waiting.processOnRelease
                    ? .response(Self.carryOut(waiting.request, as: waiting.user, number: waiting.number, &guarded)) : .cut
                waiting.gate.open(with: answer)
            }
            return stalled.count
        }
    }
}

extension FakeCluster {
    /// Cuts stalled requests off without carrying them out, whatever their fault says.
    public func abandonStalled() {
        with { guarded in
            for waiting in guarded.stalled { waiting.gate.open(with: .cut) }
            guarded.stalled = []
        }
    }
}

extension ClusterState {
    mutating func record(_ request: FakeRequest, user: FakeUser) -> Int {
        let number = requests.count + 1
        requests.append(
            RequestRecord(
                number: number, time: now, user: user.name, method: request.method, verb: target(of: request)?.verb.rawValue ?? "",
                target: request.target, status: 0, tookEffect: false, fault: nil))
        return number
    }
}
