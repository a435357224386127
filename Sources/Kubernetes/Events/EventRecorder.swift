import Documents
import Measurements
import Synchronization

/// Writes notes as core/v1 Events, one behind the other, without ever making anybody wait.
///
/// Notes that are told again add to the count of the Event that is there. What finds the queue full, or cannot be written, is dropped and
/// counted: events inform people, and nothing depends on them.
public final class EventRecorder: Sendable {
    private struct Queue {
        var waiting: [EventNote] = []
        var dropped = 0
        var wakeUp: CheckedContinuation<Void, Never>?
    }

    /// The Event that a note was written as.
    private struct Series {
        var name: String
        var count: Int64
        var usedAt: Int
    }

    /// How many different notes are remembered for counting.
    static let rememberedSeries = 256

    private let client: KubernetesClient
    private let component: String
    private let capacity: Int
    private let clock: ClientClock
    private let queue = Mutex(Queue())
    private let tell: @Sendable (KubernetesError) -> Void

    /// - Parameter component: Who tells, as `source.component`.
    /// - Parameter capacity: How many notes may wait, at least 1.
    /// - Parameter tell: Is told why a note could not be written; called on the task of ``run()``.
    public init(
        _ client: KubernetesClient, component: String = "llm-auto-optimizer", capacity: Int = 256, clock: ClientClock = .system,
        tell: @escaping @Sendable (KubernetesError) -> Void = { _ in }
    ) {
        self.client = client
        self.component = component
        self.capacity = max(capacity, 1)
        self.clock = clock
        self.tell = tell
    }

    /// Notes that were not written: the queue was full, or the API server did not take them.
    public var dropped: Int { queue.withLock { $0.dropped } }

    /// Queues a note and returns at once.
    public func record(_ note: EventNote) {
        let wakeUp = queue.withLock { queue -> CheckedContinuation<Void, Never>? in
            guard queue.waiting.count < capacity else {
                queue.dropped += 1
                return nil
            }
            queue.waiting.append(note)
            defer { queue.wakeUp = nil }
            return queue.wakeUp
        }
        wakeUp?.resume()
    }

    /// Writes notes until the task is cancelled; what waits then is dropped and counted.
    public func run() async {
        var series: [EventNote: Series] = [:]
        var turn = 0
        while !Task.isCancelled {
            guard let note = await next() else { continue }
            turn += 1
            do throws(KubernetesError) {
                series[note] = try await write(note, known: series[note], turn: turn)
            } catch {
                queue.withLock { $0.dropped += 1 }
                if error.kind != .cancelled { tell(error) }
            }
            if series.count > Self.rememberedSeries, let oldest = series.min(by: { $0.value.usedAt < $1.value.usedAt }) {
                series[oldest.key] = nil
            }
        }
        queue.withLock { queue in
            queue.dropped += queue.waiting.count
            queue.waiting = []
        }
    }

    /// The oldest note, as soon as there is one; `nil` where the task is cancelled.
    private func next() async -> EventNote? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = queue.withLock { queue in
                    let isReady = !queue.waiting.isEmpty || Task.isCancelled
                    if !isReady { queue.wakeUp = continuation }
                    return isReady
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            let waiting = queue.withLock { queue in
                defer { queue.wakeUp = nil }
                return queue.wakeUp
            }
            waiting?.resume()
        }
        guard !Task.isCancelled else { return nil }
        return queue.withLock { $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }
    }

    private func write(_ note: EventNote, known: Series?, turn: Int) async throws(KubernetesError) -> Series {
        let now = clock.wall()
        let time = Timestamp(nanosecondsSinceEpoch: now.nanosecondsSinceEpoch / 1_000_000_000 * 1_000_000_000).description
        let collection = "/api/v1/namespaces/\(note.subject.namespace)/events"
        if let known {
            do throws(KubernetesError) {
                let more = DocumentValue.members(["count": .integer(known.count + 1), "lastTimestamp": .string(time)])
                _ = try await client.patch("\(collection)/\(known.name)", .merge, more)
                return Series(name: known.name, count: known.count + 1, usedAt: turn)
            } catch {
                // Events are deleted after an hour; then it begins anew.
                guard case .notFound = error.kind else { throw error }
            }
        }
        let name = Self.name(of: note, at: now)
        _ = try await client.create(collection, note.event(name: name, time: time, component: component))
        return Series(name: name, count: 1, usedAt: turn)
    }

    /// The subject's name, cut to what a name may have, and the time in hexadecimal, as client-go names them.
    static func name(of note: EventNote, at time: Timestamp) -> String {
        let suffix = String(UInt64(bitPattern: time.nanosecondsSinceEpoch), radix: 16)
        let stem = note.subject.name.cut(toBytes: 253 - 1 - suffix.utf8.count)
        return stem + "." + suffix
    }
}
