import CCurl

/// All transfers under way, on libcurl's multi interface by sockets. Belongs to the event loop's thread.
final class TransferSet {
    private let multi: UnsafeMutableRawPointer
    private let poller: Poller
    private let common: TransferCommon
    private var transfers: [ObjectIdentifier: Transfer] = [:]
    /// When libcurl wants to be called without an event.
    private var timer: MonotonicTime?
    /// When the first deadline may be over.
    private var nextCheck: MonotonicTime?
    private var upcoming = UpcomingRequests()

    /// `nil` where memory is exhausted.
    init?(poller: Poller, settings: ClientSettings) {
        guard let multi = curl_multi_init() else { return nil }
        self.multi = multi
        self.poller = poller
        common = TransferCommon(settings)
        _ = ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, min(max(settings.maxIdleConnections, 1), ClientSettings.mostIdleConnections))
        _ = ccurl_multi_set_callbacks(
            multi,
            { _, socket, interest, context, known in
                guard let context else { return -1 }
                TransferSet.borrowed(context).watch(socket, interest, isKnown: known != nil)
                return 0
            },
            { _, milliseconds, context in
                guard let context else { return -1 }
                TransferSet.borrowed(context).timer = milliseconds < 0 ? nil : .now + .milliseconds(milliseconds)
                return 0
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    /// Cancels everything and frees libcurl's part; the last call.
    func close() {
        for observer in Array(transfers.keys) + upcoming.observers { cancel(observer) }
        curl_multi_cleanup(multi)
    }

    private static func borrowed(_ context: UnsafeMutableRawPointer) -> TransferSet {
        Unmanaged<TransferSet>.fromOpaque(context).takeUnretainedValue()
    }

    /// Sends a request when its time has come.
    func take(_ checked: CheckedRequest, observer: any TransferObserver) {
        // A task that was cancelled before has told so already, when nothing was known of its request.
        guard let time = checked.request.startAt, time > .now, !observer.isCancelled else { return start(checked, observer: observer) }
        upcoming.add(UpcomingRequests.Entry(time: time, checked: checked, observer: observer))
        poller.setAlarm(at: upcoming.first)
    }

    private func start(_ checked: CheckedRequest, observer: any TransferObserver) {
        do throws(TransportError) {
            let transfer = try Transfer(checked, observer: observer, common: common)
            guard !observer.isCancelled else { return transfer.cancel() }
            guard curl_multi_add_handle(multi, transfer.handle) == CURLM_OK else {
                return observer.finished(
                    .failure(TransportError(.couldNotConnect, origin: checked.address.origin.description, cause: "no room for a transfer")))
            }
            transfers[ObjectIdentifier(observer)] = transfer
            schedule(DeadlineCheck(checked.request.deadlines, transfer.progress, now: transfer.progress.startedAt))
        } catch {
            observer.finished(.failure(error))
        }
    }

    func cancel(_ observer: ObjectIdentifier) {
        if let transfer = remove(observer) { return transfer.cancel() }
        guard let entry = upcoming.remove(observer) else { return }
        entry.observer.finished(
            .failure(TransportError(.cancelled, origin: entry.checked.address.origin.description, cause: "it was cancelled")))
    }

    func resume(_ observer: ObjectIdentifier) {
        guard let code = transfers[observer]?.resume(), code != CURLE_OK else { return }
        remove(observer)?.finish(code)
    }

    /// How long to leave the sockets alone after a look that found some ready.
    func rest(afterReading count: Int) -> Duration? {
        guard let rest = common.pace.rest(afterReading: count) else { return nil }
        return upcoming.first.map { min(rest, $0 - .now) } ?? rest
    }

    /// How long nothing will be due, in milliseconds; −1 for as long as nothing happens.
    func idleMilliseconds() -> Int32 {
        guard let next = [timer, nextCheck].compactMap(\.self).min() else { return -1 }
        let left = next.nanoseconds - MonotonicTime.now.nanoseconds
        return left <= 0 ? 0 : Int32(clamping: (left - 1) / 1_000_000 + 1)
    }

    /// Passes on what is ready and what is due, and ends what is done.
    func advance(_ ready: [Poller.Readiness]) {
        startDue()
        if !ready.isEmpty { common.arrivals.beginLook() }
        for socket in ready {
            let events =
                (socket.isReadable ? CURL_CSELECT_IN : 0) | (socket.isWritable ? CURL_CSELECT_OUT : 0)
                | (socket.isBroken ? CURL_CSELECT_ERR : 0)
            guard socket.isReadable else {
                _ = ccurl_multi_socket_action(multi, socket.descriptor, events)
                continue
            }
            common.arrivals.reading(socket.descriptor) { _ = ccurl_multi_socket_action(multi, socket.descriptor, events) }
        }
        if let due = timer, due <= .now {
            timer = nil
            _ = ccurl_multi_timeout_action(multi)
        }
        endComplete()
        endLate()
        common.deliveries.deliver()
    }

    private func startDue() {
        guard let first = upcoming.first, first <= .now else { return }
        while let entry = upcoming.popFirst(at: .now) { start(entry.checked, observer: entry.observer) }
        poller.setAlarm(at: upcoming.first)
    }

    private func endComplete() {
        var code = CURLE_OK
        while let handle = ccurl_multi_next_complete(multi, &code) {
            guard let context = ccurl_get_context(handle) else { continue }
            let transfer = Transfer.borrowed(context)
            // Removed first: who is told of the end finds the connection free for the next request.
            remove(ObjectIdentifier(transfer.observer))?.finish(code)
        }
    }

    private func endLate() {
        let now = MonotonicTime.now
        guard let due = nextCheck, due <= now else { return }
        nextCheck = nil
        var late: [(ObjectIdentifier, TransportError.Phase)] = []
        for (observer, transfer) in transfers {
            let check = DeadlineCheck(transfer.checked.request.deadlines, transfer.progress, now: now)
            if case .expired(let phase) = check { late.append((observer, phase)) } else { schedule(check) }
        }
        for (observer, phase) in late { remove(observer)?.finish(expired: phase) }
    }

    private func schedule(_ check: DeadlineCheck) {
        if case .later(let time) = check { nextCheck = min(nextCheck ?? time, time) }
    }

    private func remove(_ observer: ObjectIdentifier) -> Transfer? {
        guard let transfer = transfers.removeValue(forKey: observer) else { return nil }
        curl_multi_remove_handle(multi, transfer.handle)
        return transfer
    }

    private func watch(_ socket: Int32, _ interest: Int32, isKnown: Bool) {
        guard interest != CURL_POLL_REMOVE else { return poller.forget(socket) }
        poller.watch(socket, reading: interest & CURL_POLL_IN != 0, writing: interest & CURL_POLL_OUT != 0, isKnown: isKnown)
        if !isKnown { curl_multi_assign(multi, socket, UnsafeMutableRawPointer(bitPattern: 1)) }
    }
}
