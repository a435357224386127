public import Documents

/// Reads the body of a write.
enum RequestBody {
    static let limitBytes = 3_145_728

    /// - Throws: 413, 415 and 400, in the server's words.
    static func parse(_ request: FakeRequest, kind: String) throws(APIFailure) -> JSONValue {
        let type = request.contentType ?? "application/json"
        let isPatch = PatchType(rawValue: type) != nil
        guard isPatch || ["application/json", "application/yaml"].contains(type) else {
            let list = "application/json, application/yaml, application/vnd.kubernetes.protobuf"
            throw APIFailure(
                code: 415, reason: "UnsupportedMediaType",
                message: "the body of the request was in an unknown format - accepted media types include: " + list)
        }
        guard request.body.count <= limitBytes else {
            throw APIFailure(code: 413, reason: "RequestEntityTooLarge", message: "Request entity too large: limit is \(limitBytes)")
        }
        if let value = try? JSONValue.parse(request.body) { return value }
        if type.hasSuffix("yaml"), let value = try? request.body.withUnsafeBytes({ JSONValue(try YAMLDocument.parse($0)) }) { return value }
        if isPatch { throw .badRequest("error decoding patch: the body is no JSON") }
        let first = request.body.first.map { String(Character(Unicode.Scalar($0))) } ?? ""
        let hex = request.body.prefix(16).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        throw .badRequest(
            "the object provided is unrecognized (must be of type \(kind)): couldn't get version/kind; json parse error: "
                + "invalid character '\(first)' looking for beginning of value (\(hex))")
    }
}

extension JSONValue {
    /// A YAML document as the server reads it: plain scalars by YAML's core schema.
    public init(_ node: YAMLNode) {
        switch node.content {
        case .scalar(let text, .quoted): self = .string(text)
        case .scalar(let text, .plain):
            if node.isNull {
                self = .null
            } else if text == "true" || text == "false" {
                self = .bool(text == "true")
            } else if let number = Int64(text) {
                self = .integer(number)
            } else if let number = Double(text), number.isFinite {
                self = .double(number)
            } else {
                self = .string(text)
            }
        case .sequence(let nodes): self = .array(nodes.map { JSONValue($0) })
        case .mapping(let entries):
            self = .object(Dictionary(entries.map { ($0.key, JSONValue($0.value)) }, uniquingKeysWith: { _, last in last }))
        }
    }
}
