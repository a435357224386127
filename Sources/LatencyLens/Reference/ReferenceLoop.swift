import Measurements
import Transport

/// The work of a ``ReferenceServer``, on its thread alone.
final class ReferenceLoop: @unchecked Sendable {
    // Safe to hand to another thread: it is made by one, run by one other, and nobody else has it.
    private let listener: ListeningSocket
    private let stopping: WakeUp
    private let timing: ReferenceServer.Timing
    private var readiness: ReadinessQueue
    private var connections: [Int32: ReferenceConnection] = [:]
    private var schedule = WriteSchedule()
    private var buffer = [UInt8](repeating: 0, count: 64 << 10)
    private var freezeAt: MonotonicTime?
    private var news: [ReferenceServer.Log.Entry] = []
    private let log: @Sendable ([ReferenceServer.Log.Entry]) -> Void

    /// - Parameter log: Takes what happened; told of an answer before its end is written.
    init(
        listener: ListeningSocket, stopping: WakeUp, timing: ReferenceServer.Timing,
        log: @escaping @Sendable ([ReferenceServer.Log.Entry]) -> Void
    ) throws(SystemFailure) {
        self.log = log
        self.listener = listener
        self.stopping = stopping
        self.timing = timing
        readiness = try ReadinessQueue()
        readiness.watch(listener.descriptor)
        readiness.watch(stopping.descriptor)
    }

    /// Serves until it is stopped.
    func run() {
        defer { close() }
        while true {
            let ready = readiness.wait(milliseconds: schedule.milliseconds(until: .now))
            if ready.contains(stopping.descriptor) { break }
            for descriptor in ready {
                if descriptor == listener.descriptor { accept() } else { serve(descriptor) }
            }
            freezeIfDue()
            writeDue()
            report()
        }
        report()
    }

    private func report() {
        guard !news.isEmpty else { return }
        log(news)
        news.removeAll(keepingCapacity: true)
    }

    private func close() {
        for descriptor in connections.keys { closeDescriptor(descriptor) }
        readiness.close()
    }

    private func freezeIfDue() {
        guard let freezeAt, let freeze = timing.freeze, freezeAt <= .now else { return }
        self.freezeAt = nil
        pauseThread(freeze.length.count)
    }

    // MARK: Reading

    private func accept() {
        while let client = listener.accept() {
            connections[client] = ReferenceConnection(descriptor: client)
            readiness.watch(client)
            news.append(.connection)
        }
    }

    private func serve(_ descriptor: Int32) {
        guard connections[descriptor]?.flush() == true else { return drop(descriptor) }
        while true {
            switch receive(descriptor, into: &buffer) {
            case .bytes(let count):
                guard let request = connections[descriptor]?.take(buffer[..<count]) else { continue }
                guard answer(request, on: descriptor) else { return drop(descriptor) }
            case .wouldBlock: return
            case .closed: return drop(descriptor)
            }
        }
    }

    /// - Returns: Whether the connection goes on.
    private func answer(_ request: ReferenceConnection.Request, on descriptor: Int32) -> Bool {
        switch request {
        case .refused: return false
        case .other:
            news.append(.otherRequest)
            return write(ReferenceText.plain, to: descriptor)
        case .chat(let number, let tokens):
            let now = MonotonicTime.now
            news.append(.arrival(now))
            if freezeAt == nil, let freeze = timing.freeze, !isFreezePlanned {
                isFreezePlanned = true
                freezeAt = now + freeze.after.duration
                schedule.add(now + freeze.after.duration, -1)
            }
            let due = now + timing.firstToken.duration
            connections[descriptor]?.begin(.init(number: number, tokens: max(1, min(tokens, 100_000)), due: due))
            guard write(ReferenceText.head, to: descriptor) else { return false }
            schedule.add(due, descriptor)
            return true
        }
    }

    private var isFreezePlanned = false

    private func drop(_ descriptor: Int32) {
        // What is still planned for it finds nobody.
        if connections.removeValue(forKey: descriptor) != nil { closeDescriptor(descriptor) }
    }

    // MARK: Writing

    private func writeDue() {
        while let (due, descriptor) = schedule.removeFirst(notAfter: .now) {
            guard let answer = connections[descriptor]?.answer, answer.due == due else { continue }
            if timing.perToken.count == 0 { writeWhole(answer, to: descriptor) } else { writeToken(of: answer, to: descriptor) }
        }
    }

    private func writeToken(of answer: ReferenceConnection.Answer, to descriptor: Int32) {
        let isLast = answer.written + 1 >= answer.tokens
        if answer.written == 0, let number = answer.number {
            news.append(.firstWrite(number, .now))
        }
        let bytes = isLast ? ReferenceText.token + ReferenceText.end(tokens: answer.tokens) : ReferenceText.token
        if isLast { finish(descriptor) }
        guard write(bytes, to: descriptor) else { return drop(descriptor) }
        guard !isLast else { return }
        // From when it was due, not from now: a late write does not make the next ones late.
        let next = answer.due + timing.perToken.duration
        connections[descriptor]?.advance(to: next)
        schedule.add(next, descriptor)
    }

    private func writeWhole(_ answer: ReferenceConnection.Answer, to descriptor: Int32) {
        if let number = answer.number {
            news.append(.firstWrite(number, .now))
        }
        var bytes: [UInt8] = []
        for _ in 0..<answer.tokens { bytes += ReferenceText.token }
        finish(descriptor)
        if !write(bytes + ReferenceText.end(tokens: answer.tokens), to: descriptor) { drop(descriptor) }
    }

    private func finish(_ descriptor: Int32) {
        connections[descriptor]?.end()
        news.append(.answered)
        report()
    }

    private func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        let wasWaiting = connections[descriptor]?.isWaitingToWrite ?? false
        guard connections[descriptor]?.write(bytes) == true else { return false }
        let isWaiting = connections[descriptor]?.isWaitingToWrite ?? false
        if isWaiting != wasWaiting { readiness.watch(descriptor, writing: isWaiting, isKnown: true) }
        return true
    }
}

/// Which connection is to be written to when: a binary heap by time.
struct WriteSchedule {
    private var heap: [(due: MonotonicTime, descriptor: Int32)] = []

    /// How long nothing is due, rounded up; −1 where nothing ever is.
    func milliseconds(until now: MonotonicTime) -> Int32 {
        guard let first = heap.first else { return -1 }
        let left = first.due.nanoseconds - now.nanoseconds
        return left <= 0 ? 0 : Int32(min(left / 1_000_000 + 1, 60_000))
    }

    mutating func add(_ due: MonotonicTime, _ descriptor: Int32) {
        heap.append((due, descriptor))
        var child = heap.count - 1
        while child > 0, heap[child].due < heap[(child - 1) / 2].due {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func removeFirst(notAfter now: MonotonicTime) -> (due: MonotonicTime, descriptor: Int32)? {
        guard let first = heap.first, first.due <= now else { return nil }
        let last = heap.removeLast()
        if heap.isEmpty { return first }
        heap[0] = last
        var parent = 0
        while true {
            let children = [2 * parent + 1, 2 * parent + 2].filter { $0 < heap.count }
            guard let least = children.min(by: { heap[$0].due < heap[$1].due }), heap[least].due < heap[parent].due else { return first }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}

/// What the reference server writes.
enum ReferenceText {
    static let plain = Array("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{\"data\":[]}".utf8)
    static let head = Array("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
    static let token = event(#"{"id":"r","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":" tok"}}]}"#)

    static func end(tokens: Int) -> [UInt8] {
        event(#"{"id":"r","object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"finish_reason":"length"}]}"#)
            + event(#"{"id":"r","choices":[],"usage":{"prompt_tokens":16,"completion_tokens":\#(tokens)}}"#) + event("[DONE]")
            + Array("0\r\n\r\n".utf8)
    }

    /// An event in a chunk of its own.
    private static func event(_ data: String) -> [UInt8] {
        let text = "data: \(data)\n\n"
        return Array("\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n".utf8)
    }
}
