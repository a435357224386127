/// An error of the API server, with what its `Status` says.
struct APIFailure: Error {
    var code: Int
    var reason: String?
    var message: String
    var details: JSONValue?
    var headers: [FakeRequest.Header] = []
    /// Sent in place of a `Status`.
    var plainText: String?
    /// Members of `metadata`, such as a fresh `continue`.
    var metadata: JSONValue = [:]

    var response: FakeResponse {
        if let plainText { return .plain(code, plainText, headers: headers) }
        return .json(code, status, headers: headers)
    }

    var status: JSONValue {
        var status: JSONValue = [
            "kind": "Status", "apiVersion": "v1", "metadata": metadata, "status": "Failure", "message": .string(message),
            "code": .integer(Int64(code)),
        ]
        status["reason"] = reason.map { .string($0) }
        status["details"] = details
        return status
    }

    /// One field that is wrong.
    struct FieldCause: Hashable {
        var reason: String
        var field: String
        var message: String

        static func invalid(_ field: String, _ value: JSONValue, _ why: String) -> FieldCause {
            FieldCause(reason: "FieldValueInvalid", field: field, message: "Invalid value: \(value.json): \(why)")
        }
        static func required(_ field: String, _ why: String = "") -> FieldCause {
            FieldCause(reason: "FieldValueRequired", field: field, message: "Required value" + (why.isEmpty ? "" : ": " + why))
        }
        static func forbidden(_ field: String, _ why: String) -> FieldCause {
            FieldCause(reason: "FieldValueForbidden", field: field, message: "Forbidden: " + why)
        }
        static func tooLong(_ field: String, _ why: String) -> FieldCause {
            FieldCause(reason: "FieldValueTooLong", field: field, message: "Too long: " + why)
        }
        static func unsupported(_ field: String, _ value: JSONValue, _ supported: [JSONValue]) -> FieldCause {
            let list = supported.map(\.json).joined(separator: ", ")
            return FieldCause(
                reason: "FieldValueNotSupported", field: field, message: "Unsupported value: \(value.json): supported values: \(list)")
        }

        var json: JSONValue { ["reason": .string(reason), "message": .string(message), "field": .string(field)] }
        var text: String { field + ": " + message }
    }
}

extension APIFailure {
    static let unknownPath = APIFailure(code: 404, message: "", plainText: "404 page not found\n")
    static let unauthorized = APIFailure(code: 401, reason: "Unauthorized", message: "Unauthorized")
    static let unknownResource = APIFailure(
        code: 404, reason: "NotFound", message: "the server could not find the requested resource", details: [:])
    static let methodNotAllowed = APIFailure(
        code: 405, reason: "MethodNotAllowed", message: "the server does not allow this method on the requested resource", details: [:])
    static let patchFailed = APIFailure(
        code: 422, reason: "Invalid", message: "the server rejected our request due to an error in our request", details: [:])

    static func badRequest(_ message: String) -> APIFailure { APIFailure(code: 400, reason: "BadRequest", message: message) }

    static func details(_ type: ResourceType, name: String?) -> JSONValue {
        var details: JSONValue = ["kind": .string(type.plural)]
        if !type.group.isEmpty { details["group"] = .string(type.group) }
        details["name"] = name.flatMap { $0.isEmpty ? nil : .string($0) }
        return details
    }

    static func notFound(_ type: ResourceType, _ name: String) -> APIFailure {
        APIFailure(
            code: 404, reason: "NotFound", message: "\(type.qualifiedPlural) \"\(name)\" not found", details: details(type, name: name))
    }

    static func alreadyExists(_ type: ResourceType, _ name: String) -> APIFailure {
        APIFailure(
            code: 409, reason: "AlreadyExists", message: "\(type.qualifiedPlural) \"\(name)\" already exists",
            details: details(type, name: name))
    }

    static func conflict(_ type: ResourceType, _ name: String) -> APIFailure {
        conflict(
            type, name, because: "the object has been modified; please apply your changes to the latest version and try again")
    }

    static func conflict(_ type: ResourceType, _ name: String, because cause: String) -> APIFailure {
        APIFailure(
            code: 409, reason: "Conflict", message: "Operation cannot be fulfilled on \(type.qualifiedPlural) \"\(name)\": \(cause)",
            details: details(type, name: name))
    }

    static func forbidden(_ type: ResourceType, _ name: String?, because cause: String, causes: [JSONValue] = []) -> APIFailure {
        var details = details(type, name: name)
        if !causes.isEmpty { details["causes"] = .array(causes) }
        let subject = name.map { "\(type.qualifiedPlural) \"\($0)\"" } ?? type.qualifiedPlural
        return APIFailure(code: 403, reason: "Forbidden", message: "\(subject) is forbidden: \(cause)", details: details)
    }

    /// - Parameter kind: As it stands in the message: "Deployment.apps".
    static func invalid(kind: String, group: String, name: String, _ causes: [FieldCause]) -> APIFailure {
        var texts: [String] = []
        for cause in causes where !texts.contains(cause.text) { texts.append(cause.text) }
        let list = texts.count == 1 ? texts[0] : "[" + texts.joined(separator: ", ") + "]"
        var details: JSONValue = ["kind": .string(kind), "causes": .array(causes.map(\.json))]
        if !group.isEmpty { details["group"] = .string(group) }
        if !name.isEmpty { details["name"] = .string(name) }
        let qualified = group.isEmpty ? kind : kind + "." + group
        return APIFailure(code: 422, reason: "Invalid", message: "\(qualified) \"\(name)\" is invalid: \(list)", details: details)
    }

    static func invalid(_ type: ResourceType, _ name: String, _ causes: [FieldCause]) -> APIFailure {
        invalid(kind: type.kind, group: type.group, name: name, causes)
    }
}
