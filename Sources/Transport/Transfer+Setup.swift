import CCurl

/// An option that libcurl did not take.
struct SetupFailure: Error {
    let cause: String
}

extension Transfer {
    /// Tells libcurl all about the request.
    func setUp(
        _ settings: ClientSettings, body: UnsafeMutableRawBufferPointer?, errorText: UnsafeMutablePointer<CChar>
    ) throws(SetupFailure) {
        try setSafety(errorText)
        try setDestination(settings)
        try setMethod(body)
        try setHeaders(settings)
        try setDeadlines()
        if checked.address.origin.scheme == "https" { try setTLS(checked.request.tls ?? TLSSettings()) }
        try setCallbacks()
    }

    private func setSafety(_ errorText: UnsafeMutablePointer<CChar>) throws(SetupFailure) {
        try set(CURLOPT_ERRORBUFFER, pointer: errorText)
        try set(CURLOPT_NOSIGNAL, 1)
        try set(CURLOPT_PROTOCOLS_STR, "http,https")
        try set(CURLOPT_FOLLOWLOCATION, 0)
        try set(CURLOPT_NETRC, 0)
        try set(CURLOPT_TCP_KEEPALIVE, 1)
        // Each of a thousand streams has these two, and tokens come a few hundred bytes at a time.
        try set(CURLOPT_BUFFERSIZE, checked.request.wakeAfterBytes > 0 ? 4 << 10 : 8 << 10)
        try set(CURLOPT_UPLOAD_BUFFERSIZE, 16 << 10)
        try set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        try check(CURLOPT_OPENSOCKETFUNCTION, ccurl_set_private_sockets(handle))
        try set(CURLOPT_QUICK_EXIT, 1)  // A name server that does not answer must not hold up the other transfers of the thread.
    }

    private func setDestination(_ settings: ClientSettings) throws(SetupFailure) {
        var address = checked.address
        if address.origin.scheme == "https", let name = checked.request.tls?.serverName {
            // The name goes into SNI and verification by being the address's host; the connection still goes where it did.
            do { address = try address.replacingHost(name) } catch { throw SetupFailure(cause: error.cause) }
            try set(CURLOPT_CONNECT_TO, list: ["::\(checked.address.origin.host):\(checked.address.origin.port)"])
        }
        try set(CURLOPT_URL, address.text)
        if settings.proxy == .none { try set(CURLOPT_PROXY, "") }
        try set(CURLOPT_MAXAGE_CONN, Int(min(max(settings.idleConnectionLifetime.components.seconds, 1), 86_400)))
        if checked.request.newConnection || checked.request.opensConnection { try set(CURLOPT_FRESH_CONNECT, 1) }
        if checked.request.newConnection { try set(CURLOPT_FORBID_REUSE, 1) }
        switch checked.request.httpVersion {
        case .automatic, .http2: try set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
        case .http1: try set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        case .http2PriorKnowledge: try set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE))
        }
    }

    private func setMethod(_ body: UnsafeMutableRawBufferPointer?) throws(SetupFailure) {
        let method = checked.request.method
        if method == "HEAD" { return try set(CURLOPT_NOBODY, 1) }
        let hasBody = checked.request.body != nil || ["POST", "PUT", "PATCH"].contains(method)
        guard hasBody else {
            try set(CURLOPT_HTTPGET, 1)
            if method != "GET" { try set(CURLOPT_CUSTOMREQUEST, method) }
            return
        }
        try set(CURLOPT_POST, 1)
        try check(
            CURLOPT_POSTFIELDSIZE_LARGE, ccurl_set_offset(handle, CURLOPT_POSTFIELDSIZE_LARGE, Int64(checked.request.body?.count ?? 0)))
        if let start = body?.baseAddress {
            try set(CURLOPT_POSTFIELDS, pointer: start)
        } else {
            try set(CURLOPT_COPYPOSTFIELDS, "")
        }
        if method != "POST" { try set(CURLOPT_CUSTOMREQUEST, method) }
    }

    private func setHeaders(_ settings: ClientSettings) throws(SetupFailure) {
        let given = checked.request.headers
        let names = { (name: String) in given.contains { HTTPHeaders.same($0.name, name) } }
        // "Name;" sends a header without a value; "Name:" would take it away.
        var lines = given.map { $0.value.allSatisfy { $0 == " " || $0 == "\t" } ? "\($0.name);" : "\($0.name): \($0.value)" }
        lines += ["Expect", "Content-Type"].filter { !names($0) }.map { "\($0):" }
        if checked.request.tls?.serverName != nil && !names("Host") {
            let origin = checked.address.origin
            lines.append("Host: \(origin.host)" + (origin.port == "443" ? "" : ":\(origin.port)"))
        }
        try set(CURLOPT_HTTPHEADER, list: lines)
        if !names("User-Agent") { try set(CURLOPT_USERAGENT, settings.userAgent) }
    }

    private func setDeadlines() throws(SetupFailure) {
        let deadlines = checked.request.deadlines
        // libcurl shares this time out among the addresses of a host; without a limit its own of five minutes would apply.
        let connect = min(deadlines.connect ?? .seconds(Int64(Int32.max)), deadlines.total ?? .seconds(Int64(Int32.max)))
        try set(CURLOPT_CONNECTTIMEOUT_MS, connect.inMillisecondsForCurl)
    }

    private func setTLS(_ tls: TLSSettings) throws(SetupFailure) {
        try set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        try set(CURLOPT_SSL_VERIFYPEER, tls.insecureSkipVerify ? 0 : 1)
        try set(CURLOPT_SSL_VERIFYHOST, tls.insecureSkipVerify ? 0 : 2)
        if let authorities = tls.authorities {
            try check(CURLOPT_CAPATH, ccurl_set_string(handle, CURLOPT_CAPATH, nil))  // Else the system's would be trusted as well.
            try check(CURLOPT_CAINFO, ccurl_set_string(handle, CURLOPT_CAINFO, nil))
            try set(authorities, file: CURLOPT_CAINFO, memory: CURLOPT_CAINFO_BLOB)
        }
        if let identity = tls.identity {
            try set(identity.certificate, file: CURLOPT_SSLCERT, memory: CURLOPT_SSLCERT_BLOB)
            try set(identity.key, file: CURLOPT_SSLKEY, memory: CURLOPT_SSLKEY_BLOB)
        }
    }

    private func set(_ source: TLSSettings.Source, file: CURLoption, memory: CURLoption) throws(SetupFailure) {
        switch source {
        case .file(let path): try set(file, path)
        case .memory(let bytes):
            try check(memory, bytes.withUnsafeBytes { ccurl_set_bytes(handle, memory, $0.baseAddress, $0.count) })
        }
    }

    private func setCallbacks() throws(SetupFailure) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        for option in [CURLOPT_PRIVATE, CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_PREREQDATA] { try set(option, pointer: context) }
        try check(
            CURLOPT_WRITEFUNCTION,
            ccurl_set_bytes_callback(handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
                guard let context, let bytes else { return 0 }
                return Transfer.borrowed(context).receive(body: UnsafeRawBufferPointer(start: bytes, count: size * count))
            })
        try check(
            CURLOPT_HEADERFUNCTION,
            ccurl_set_bytes_callback(handle, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
                guard let context, let bytes else { return 0 }
                let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
                return Transfer.borrowed(context).receive(headerLine: line) ? line.count : 0
            })
        try check(
            CURLOPT_PREREQFUNCTION,
            ccurl_set_request_callback(handle) { context, _, _, _, _ in
                guard let context else { return CURL_PREREQFUNC_ABORT }
                return Transfer.borrowed(context).willSend() ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
            })
    }

    /// The transfer libcurl was given; it outlives its handle.
    static func borrowed(_ context: UnsafeMutableRawPointer) -> Transfer {
        Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    }

    private func set(_ option: CURLoption, _ value: Int) throws(SetupFailure) { try check(option, ccurl_set_long(handle, option, value)) }

    private func set(_ option: CURLoption, _ value: String) throws(SetupFailure) {
        try check(option, ccurl_set_string(handle, option, value))
    }

    private func set(_ option: CURLoption, pointer: UnsafeMutableRawPointer) throws(SetupFailure) {
        try check(option, ccurl_set_pointer(handle, option, pointer))
    }

    private func set(_ option: CURLoption, list lines: [String]) throws(SetupFailure) {
        var list: UnsafeMutablePointer<curl_slist>?
        for line in lines {
            guard let longer = curl_slist_append(list, line) else {
                curl_slist_free_all(list)
                throw SetupFailure(cause: "no memory for its headers")
            }
            list = longer
        }
        guard let list else { return }
        keep(list)
        try check(option, ccurl_set_list(handle, option, list))
    }

    private func check(_ option: CURLoption, _ code: CURLcode) throws(SetupFailure) {
        guard code != CURLE_OK else { return }
        throw SetupFailure(cause: "libcurl refuses option \(option.rawValue): \(String(cString: curl_easy_strerror(code)))")
    }
}
