public import Control
import Foundation
public import Measurements
import Policies
import Synchronization
public import Verification

/// A clock that stands until the next tick, 15 s later unless told. With a file, a process that begins anew goes on where the last one ended.
public final class TickClock: ControlClock {
    private let state: Mutex<State>
    private let file: String?
    private let step: Duration

    private struct State {
        var tick: Int
        var wallAhead = Duration.zero
    }

    public init(file: String? = nil, step: Duration = .seconds(15)) {
        self.file = file
        self.step = step
        let last = file.flatMap { try? String(contentsOfFile: $0, encoding: .utf8) }.flatMap { Int($0) }  // None before the first tick.
        state = Mutex(State(tick: last ?? 0))
    }

    public var tick: Int { state.withLock(\.tick) }
    public var steady: Timestamp { Ground.start.advanced(by: step * tick) }
    public var wall: Timestamp { steady.advanced(by: state.withLock(\.wallAhead)) }

    /// Sets the clock on the wall, which the steady one does not notice.
    public func setWall(aheadBy offset: Duration) { state.withLock { $0.wallAhead = offset } }

    /// Begins the next tick; its number is in the file before anything happens in it.
    public func advance() throws {
        let next = state.withLock { state in
            state.tick += 1
            return state.tick
        }
        if let file { try Data("\(next)".utf8).write(to: URL(filePath: file), options: .atomic) }
    }
}

/// Requests as the target would answer them with the setting in force.
public struct LoadSource: MeasurementSource {
    public let name = "probe"
    private let ground: Ground
    private let value: @Sendable () async -> Int?

    /// - Parameter value: In force at the target; `nil` where it cannot be told, which delivers nothing.
    public init(_ ground: Ground, value: @escaping @Sendable () async -> Int?) {
        self.ground = ground
        self.value = value
    }

    public func deliver(_ request: DeliveryRequest) async -> Delivery {
        guard let value = await value() else { return Delivery(faults: ["the target does not answer"]) }
        return Delivery(measurements: ground.measurements(until: request.now, value: value))
    }
}

/// What the groups of a canary do with the settings they have. It remembers nothing: what it tells depends on the times and the groups alone.
public struct GroundMeter: CanaryMeter {
    public let obstacle: String? = nil
    public let countsArrivals = false
    private let ground: Ground

    public init(_ ground: Ground) { self.ground = ground }

    public func buckets(_ look: CanaryLook) async -> [CanaryBucket] {
        var buckets: [CanaryBucket] = []
        var start = look.since
        while start.advanced(by: look.bucketLength) <= look.now {
            var bucket = CanaryBucket(start: start, length: look.bucketLength)
            let changed = look.status.mark.map { [.applied, .promoted].contains($0.stage) ? $0.to : $0.from }?.wholeNumber ?? 2
            bucket.canary = ground.bucket(.canary, until: bucket.end, value: changed)
            bucket.control = ground.bucket(.control, until: bucket.end, value: 2)
            bucket.canary.readyReplicas = look.status.canary.count(where: \.counts)
            bucket.control.readyReplicas = look.status.control.count(where: \.counts)
            buckets.append(bucket)
            start = bucket.end
        }
        return buckets
    }
}

/// Keeps what people would hear of.
public final class KeptEvents: Announcer {
    private let events = Mutex<[ControlEvent]>([])

    public init() {}

    public var all: [ControlEvent] { events.withLock { $0 } }
    public func announce(_ event: ControlEvent) { events.withLock { $0.append(event) } }
}
