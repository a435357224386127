import CCurl

/// libcurl's results in the transport's words.
enum CurlFailure {
    /// - Parameter wasSent: Whether the request, or a part of it, was written.
    static func kind(_ code: CURLcode, text: String, wasSent: Bool, bodyBytes: Int) -> TransportError.Kind {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: return .resolution
        case CURLE_COULDNT_CONNECT: return .couldNotConnect
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CIPHER,
            CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CLIENTCERT, CURLE_SSL_ENGINE_NOTFOUND, CURLE_SSL_ENGINE_SETFAILED,
            CURLE_SSL_INVALIDCERTSTATUS:
            return .tls
        case CURLE_URL_MALFORMAT, CURLE_NOT_BUILT_IN, CURLE_UNKNOWN_OPTION, CURLE_BAD_FUNCTION_ARGUMENT: return .invalidRequest
        case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL, CURLE_BAD_CONTENT_ENCODING:
            return wasSent ? .malformed : .invalidRequest
        default:
            guard wasSent else { return .couldNotConnect }
            // Bad framing and a lost connection share a code.
            if code == CURLE_RECV_ERROR && text.hasSuffix("in chunked-encoding") { return .malformed }
            return .connectionLost(afterSending: true, bytesReceived: bodyBytes)
        }
    }

    /// What libcurl wrote about this failure where that is harmless; else what its code means. An address in it could hold credentials.
    static func text(_ code: CURLcode, _ details: UnsafePointer<CChar>) -> String {
        let printable = String(cString: details).unicodeScalars.filter { (0x20...0x7e).contains($0.value) }
        let text = String(String.UnicodeScalarView(printable))
        return text.isEmpty || text.contains("://") ? String(cString: curl_easy_strerror(code)) : text
    }

    /// Whether a line of a head may have been longer than libcurl reads: older versions say that memory is exhausted, newer ones (100) that
    /// something is too large.
    static func isOverlongLine(_ code: CURLcode) -> Bool { code == CURLE_OUT_OF_MEMORY || code.rawValue == 100 }

    static func version(_ version: Int) -> PhaseTimings.HTTPVersion {
        switch version {
        case Int(CURL_HTTP_VERSION_1_0): .http10
        case Int(CURL_HTTP_VERSION_1_1): .http11
        case Int(CURL_HTTP_VERSION_2_0): .http2
        default: .other
        }
    }
}
