import Documents

/// What can be read of a failure's body: a Status, a text, or nothing. Every part may be lacking.
struct APIStatus {
    var reason: String?
    var message: String
    var causes: [KubernetesError.Cause]
    var retryAfterSeconds: Int64?
    var continueToken: String?
    /// Whether the body is a Status; a server also answers with plain text, and with JSON that lacks `kind` and is labelled as text.
    let isStatus: Bool

    /// - Parameter body: As it came; one beyond 64 KiB is told as a text.
    init(_ body: [UInt8]) {
        let document = body.first == UInt8(ascii: "{") ? Self.parsed(body) : nil
        guard let document, document.text("status") == "Failure" || document.text("kind") == "Status" else {
            self.init(text: String(decoding: body.prefix(2_000), as: UTF8.self))
            return
        }
        self.init(document)
    }

    /// - Parameter document: A Status, or something in its shape.
    init(_ document: DocumentValue) {
        reason = document.text("reason").flatMap { $0.isEmpty ? nil : $0 }
        message = document.text("message") ?? ""
        causes = (document["details"]?["causes"]?.elements ?? []).prefix(64).map { cause in
            KubernetesError.Cause(
                field: KubernetesError.bounded(cause.text("field") ?? ""), reason: KubernetesError.bounded(cause.text("reason") ?? ""),
                message: KubernetesError.bounded(cause.text("message") ?? ""))
        }
        retryAfterSeconds = document.integer("details", "retryAfterSeconds")
        continueToken = document.text("metadata", "continue").flatMap { $0.isEmpty ? nil : $0 }
        isStatus = true
    }

    private init(text: String) {
        message = text
        causes = []
        isStatus = false
    }

    private static func parsed(_ body: [UInt8]) -> DocumentValue? {
        // What is no JSON is a text, and is told as one.
        body.withUnsafeBytes { try? JSONDocument.parse($0, limits: DocumentLimits(bytes: 64 << 10, depth: 32)) }
    }

    func hasCause(_ reason: String) -> Bool { causes.contains { $0.reason == reason } }
}
