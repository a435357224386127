import CCurl

/// One request on its way: the libcurl handle, and what libcurl borrows from it. Belongs to the event loop's thread.
///
/// libcurl keeps pointers to the transfer, its body, header list and error buffer, so they live until the handle is gone.
final class Transfer {
    let checked: CheckedRequest
    let observer: any TransferObserver
    let handle: UnsafeMutableRawPointer
    /// What libcurl reads while it runs; freed after the handle.
    private(set) var lists: [UnsafeMutablePointer<curl_slist>] = []
    private let body: UnsafeMutableRawBufferPointer?
    private let errorText: UnsafeMutablePointer<CChar>

    private let common: TransferCommon
    private var headReader: HeadReader
    private(set) var progress: TransferProgress
    private var headAt: MonotonicTime?
    private var bodyBytes = 0
    /// When the piece that waits for its reader came.
    private var heldSince: MonotonicTime?
    /// Why a callback stopped the transfer.
    private var stop: TransportError?

    init(_ checked: CheckedRequest, observer: any TransferObserver, common: TransferCommon) throws(TransportError) {
        guard let handle = curl_easy_init() else {
            throw TransportError(.couldNotConnect, origin: checked.address.origin.description, cause: "no memory for a transfer")
        }
        self.checked = checked
        self.observer = observer
        self.handle = handle
        self.common = common
        body = checked.request.body.map { bytes in
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(bytes.count, 1), alignment: 1)
            copy.copyBytes(from: bytes)
            return copy
        }
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        headReader = HeadReader(limitBytes: checked.request.maxHeaderBytes)
        progress = TransferProgress(startedAt: .now)
        common.pace.connecting += 1
        do {
            try setUp(common.settings, body: body, errorText: errorText)
        } catch {
            throw TransportError(.invalidRequest, origin: checked.address.origin.description, cause: error.cause)
        }
    }

    deinit {
        if progress.sentAt == nil { common.pace.connecting -= 1 }
        curl_easy_cleanup(handle)
        for list in lists { curl_slist_free_all(list) }
        body?.deallocate()
        errorText.deallocate()
    }

    func keep(_ list: UnsafeMutablePointer<curl_slist>) { lists.append(list) }

    // MARK: What libcurl tells

    /// The connection is ready and the request will be written next.
    /// - Returns: Whether it may be.
    func willSend() -> Bool {
        // libcurl sends again by itself where a kept connection turns out to be dead, which only repeatable requests may survive.
        if progress.sentAt != nil && !checked.isIdempotent {
            stop = error(.connectionLost(afterSending: true, bytesReceived: 0), "the kept connection ended before an answer came")
            return false
        }
        if progress.sentAt == nil { common.pace.connecting -= 1 }
        progress.sentAt = .now
        return true
    }

    /// - Returns: Whether to go on.
    func receive(headerLine line: UnsafeRawBufferPointer) -> Bool {
        let now = common.arrivals.time
        progress.receivedAt = now
        switch headReader.take(line, sentAt: progress.sentAt ?? progress.startedAt, now: now) {
        case .more: return true
        case .complete(let head):
            headAt = head.headAt
            if observer.received(head) { common.deliveries.add(observer) }
            return true
        case .tooLarge:
            stop = tooLargeHead
            return false
        case .malformed:
            stop = error(.malformed, "the head of the answer is not HTTP")
            return false
        }
    }

    /// - Returns: How many bytes were taken, or the sign to pause.
    func receive(body bytes: UnsafeRawBufferPointer) -> Int {
        let now = common.arrivals.time
        progress.receivedAt = now
        guard headReader.isComplete else {
            stop = error(.malformed, "a body came without a head")
            return Int(CURL_WRITEFUNC_ERROR)
        }
        switch observer.received(bytes, at: heldSince ?? now) {
        case .accepted(let wakesReader):
            heldSince = nil
            if wakesReader { common.deliveries.add(observer) }
            bodyBytes += bytes.count
            return bytes.count
        case .full:
            heldSince = heldSince ?? now
            progress.isPaused = true
            return Int(CURL_WRITEFUNC_PAUSE)
        case .tooLarge(let limit):
            stop = error(.tooLarge(.bodyBytes(limit)), "the body is longer than \(limit) bytes")
            return Int(CURL_WRITEFUNC_ERROR)
        }
    }

    /// Goes on after a pause; may call back at once.
    func resume() -> CURLcode {
        guard progress.isPaused else { return CURLE_OK }
        progress.isPaused = false
        progress.receivedAt = .now
        return curl_easy_pause(handle, CURLPAUSE_CONT)
    }

    // MARK: How it ends

    func finish(_ code: CURLcode) {
        if let stop { return observer.finished(.failure(stop)) }
        guard code == CURLE_OK else { return observer.finished(.failure(failure(code))) }
        guard headReader.isComplete else { return observer.finished(.failure(error(.malformed, "the answer has no head"))) }
        observer.finished(.success(timings()))
    }

    func finish(expired phase: TransportError.Phase) {
        observer.finished(.failure(error(.timedOut(phase), Self.words(for: phase))))
    }

    func cancel() { observer.finished(.failure(error(.cancelled, "it was cancelled"))) }

    private var tooLargeHead: TransportError {
        let limit = checked.request.maxHeaderBytes
        return error(.tooLarge(.headerBytes(limit)), "the headers are longer than \(limit) bytes")
    }

    private func error(_ kind: TransportError.Kind, _ cause: String) -> TransportError {
        TransportError(kind, origin: checked.address.origin.description, cause: cause, mayHaveReachedServer: progress.sentAt != nil)
    }

    private func failure(_ code: CURLcode) -> TransportError {
        let isOverlongLine = !headReader.isComplete && progress.sentAt != nil && CurlFailure.isOverlongLine(code)
        if isOverlongLine { return tooLargeHead }
        let text = CurlFailure.text(code, errorText)
        if code == CURLE_OPERATION_TIMEDOUT {
            let deadlines = checked.request.deadlines
            let phase = deadlines.total.map { $0 <= deadlines.connect ?? $0 } == true ? TransportError.Phase.total : .connect
            return error(.timedOut(phase), Self.words(for: phase))
        }
        return error(CurlFailure.kind(code, text: text, wasSent: progress.sentAt != nil, bodyBytes: bodyBytes), text)
    }

    private static func words(for phase: TransportError.Phase) -> String {
        switch phase {
        case .connect: "no connection within the time allowed for connecting"
        case .firstByte: "no byte of an answer within the time allowed for the first"
        case .idle: "nothing came for longer than the answer may be silent"
        case .total: "not done within the time allowed in all"
        }
    }

    private func timings() -> PhaseTimings {
        let time = { (info: CURLINFO) -> Duration in .microseconds(ccurl_get_offset(self.handle, info)) }
        let isReused = ccurl_get_long(handle, CURLINFO_NUM_CONNECTS) == 0
        let resolved = time(CURLINFO_NAMELOOKUP_TIME_T)
        let connected = time(CURLINFO_CONNECT_TIME_T)
        let trusted = time(CURLINFO_APPCONNECT_TIME_T)
        return PhaseTimings(
            startedAt: progress.startedAt, sentAt: progress.sentAt, headAt: headAt, endedAt: .now,
            dns: isReused ? nil : resolved,
            connect: isReused ? nil : connected - resolved,
            tls: isReused || trusted == .zero ? nil : trusted - connected,
            reusedConnection: isReused,
            bytesSent: ccurl_get_long(handle, CURLINFO_REQUEST_SIZE) + Int(ccurl_get_offset(handle, CURLINFO_SIZE_UPLOAD_T)),
            bytesReceived: ccurl_get_long(handle, CURLINFO_HEADER_SIZE) + bodyBytes,
            httpVersion: CurlFailure.version(ccurl_get_long(handle, CURLINFO_HTTP_VERSION)))
    }
}
