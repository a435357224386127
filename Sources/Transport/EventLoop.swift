import CCurl
import Synchronization

/// The one thread that touches libcurl. Others leave it messages.
final class EventLoop: Sendable {
    private enum Message: Sendable {
        case start(CheckedRequest, any TransferObserver)
        case cancel(ObjectIdentifier)
        case resume(ObjectIdentifier)
    }

    private struct Mailbox {
        var messages: [Message] = []
        var isStopping = false
        /// The thread is past its last look at the messages, and the descriptors are closed.
        var isOver = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let settings: ClientSettings
    private let poller: Poller
    private let mailbox = Mutex(Mailbox())

    init(settings: ClientSettings) throws(TransportError) {
        func failure(_ cause: String) -> TransportError {
            TransportError(.couldNotConnect, origin: "", cause: "the client cannot start: \(cause)")
        }
        guard ccurl_initialize() == CURLE_OK else { throw failure("libcurl does not initialise") }
        self.settings = settings
        do { poller = try Poller() } catch { throw failure(error.cause) }
        do {
            try SystemThread.start("http-transport") { self.run() }
        } catch {
            poller.closeDescriptors()
            throw failure(error.description)
        }
    }

    /// The observer hears of the end in any case.
    func start(_ checked: CheckedRequest, observer: any TransferObserver) {
        guard !post(.start(checked, observer)) else { return }
        observer.finished(
            .failure(TransportError(.cancelled, origin: checked.address.origin.description, cause: "the client is shut down")))
    }

    /// Ends a transfer; one that is over stays over.
    func cancel(_ observer: any TransferObserver) { _ = post(.cancel(ObjectIdentifier(observer))) }

    /// Offers what was not taken again.
    func resume(_ observer: any TransferObserver) { _ = post(.resume(ObjectIdentifier(observer))) }

    /// Cancels everything and ends the thread, soon.
    func stop() {
        mailbox.withLock { mailbox in
            guard !mailbox.isStopping else { return }
            mailbox.isStopping = true
            poller.wakeUp()
        }
    }

    /// Waits until the thread has let go of everything.
    func waitUntilOver() async {
        await withCheckedContinuation { continuation in
            let isOver = mailbox.withLock { mailbox in
                if !mailbox.isOver { mailbox.waiters.append(continuation) }
                return mailbox.isOver
            }
            if isOver { continuation.resume() }
        }
    }

    /// - Returns: Whether the thread will read it.
    private func post(_ message: Message) -> Bool {
        mailbox.withLock { mailbox in
            guard !mailbox.isStopping else { return false }
            mailbox.messages.append(message)
            if mailbox.messages.count == 1 { poller.wakeUp() }  // Under the lock, so that never a closed descriptor is written to.
            return true
        }
    }

    private func run() {
        if let transfers = TransferSet(poller: poller, settings: settings) {
            var events = Poller.eventBuffer()
            var isStopping = false
            while !isStopping {
                let ready = poller.wait(milliseconds: transfers.idleMilliseconds(), into: &events)
                isStopping = readMessages(for: transfers)
                transfers.advance(ready)
                if !isStopping, let rest = transfers.rest(afterReading: ready.count) {
                    isStopping = take(messagesFor: transfers, during: rest)
                }
            }
            transfers.close()
        } else {
            stop()
            refuseAll()
        }
        end()
    }

    /// Lets news of the sockets gather while it does what it is told.
    /// - Returns: Whether to stop.
    private func take(messagesFor transfers: TransferSet, during rest: Duration) -> Bool {
        let end = MonotonicTime.now + rest
        var isStopping = false
        while !isStopping, case let left = end - .now, left > .zero {
            guard poller.waitForWakeUp(atMost: left) else { continue }
            isStopping = readMessages(for: transfers)
            transfers.advance([])
        }
        return isStopping
    }

    /// - Returns: Whether to stop.
    private func readMessages(for transfers: TransferSet) -> Bool {
        let (messages, isStopping) = mailbox.withLock { mailbox in
            defer { mailbox.messages.removeAll() }
            return (mailbox.messages, mailbox.isStopping)
        }
        for message in messages {
            switch message {
            case .start(let checked, let observer): transfers.take(checked, observer: observer)
            case .cancel(let observer): transfers.cancel(observer)
            case .resume(let observer): transfers.resume(observer)
            }
        }
        return isStopping
    }

    private func refuseAll() {
        for case .start(let checked, let observer) in mailbox.withLock({ $0.messages }) {
            observer.finished(
                .failure(TransportError(.couldNotConnect, origin: checked.address.origin.description, cause: "no memory for libcurl")))
        }
    }

    private func end() {
        let waiters = mailbox.withLock { mailbox in
            poller.closeDescriptors()
            mailbox.isOver = true
            defer { mailbox.waiters = [] }
            return mailbox.waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}
