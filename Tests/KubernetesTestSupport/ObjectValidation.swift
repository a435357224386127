/// What the server refuses in an object whose JSON types are right.
enum ObjectValidation {
    typealias Cause = APIFailure.FieldCause

    static func causes(in object: JSONValue, of type: ResourceType, before old: JSONValue?) -> [Cause] {
        var causes = nameCauses(object["metadata", "name"]?.text ?? "", type)
        if let old { causes += metadataCauses(object, before: old) }
        switch type.storage {
        case "deployments.apps", "statefulsets.apps": causes += workloadCauses(object, before: old)
        case "configmaps": causes += configMapCauses(object, before: old)
        case "events": causes += eventCauses(object, type)
        case "leases.coordination.k8s.io": causes += leaseCauses(object)
        case "horizontalpodautoscalers.autoscaling": causes += autoscalerCauses(object)
        default:
            if let schema = type.schema { causes += SchemaValidation.causes(in: object, schema: schema, before: old) }
        }
        return causes
    }

    private static let nameRule =
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"

    private static func nameCauses(_ name: String, _ type: ResourceType) -> [Cause] {
        if name.isEmpty { return [.required("metadata.name", "name or generateName is required")] }
        let isValid =
            name.utf8.count <= 253
            && name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { part in
                !part.isEmpty && part.first != "-" && part.last != "-"
                    && part.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
            }
        return isValid ? [] : [.invalid("metadata.name", .string(name), nameRule)]
    }

    private static func metadataCauses(_ object: JSONValue, before old: JSONValue) -> [Cause] {
        var causes: [Cause] = []
        if let uid = object["metadata", "uid"], uid != old["metadata", "uid"] {
            causes += Array(repeating: .invalid("metadata.uid", uid, "field is immutable"), count: 2)
        }
        if old["metadata", "deletionTimestamp"] != nil {
            let known = old["metadata", "finalizers"]?.elements ?? []
            let added = (object["metadata", "finalizers"]?.elements ?? []).filter { !known.contains($0) }
            if !added.isEmpty {
                let list = added.map(\.json).joined(separator: ", ")
                let cause = Cause.forbidden(
                    "metadata.finalizers",
                    "no new finalizers can be added if the object is being deleted, found new finalizers []string{\(list)}")
                causes += [cause, cause]
            }
        }
        return causes
    }

    private static func workloadCauses(_ object: JSONValue, before old: JSONValue?) -> [Cause] {
        var causes: [Cause] = []
        if let replicas = object["spec", "replicas"]?.integer, replicas < 0 { causes.append(negative("spec.replicas", replicas)) }
        let selector = object["spec", "selector"]
        if let selector, selector != .null {
            if let old, old["spec", "selector"] != selector { causes.append(.invalid("spec.selector", selector, "field is immutable")) }
            let labels = object["spec", "template", "metadata", "labels"] ?? [:]
            if let matched = selector["matchLabels"]?.members, !matched.allSatisfy({ labels[$0.key] == $0.value }) {
                causes.append(.invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`"))
            }
        } else {
            causes.append(.required("spec.selector"))
        }
        let containers = object["spec", "template", "spec", "containers"]?.elements ?? []
        if containers.isEmpty { causes.append(.required("spec.template.spec.containers")) }
        for (index, container) in containers.enumerated() {
            let place = "spec.template.spec.containers[\(index)]"
            if (container["name"]?.text ?? "").isEmpty { causes.append(.required(place + ".name")) }
            if (container["image"]?.text ?? "").isEmpty { causes.append(.required(place + ".image")) }
        }
        return causes
    }

    static func negative(_ field: String, _ value: Int64) -> Cause {
        .invalid(field, .integer(value), "must be greater than or equal to 0")
    }

    private static func configMapCauses(_ object: JSONValue, before old: JSONValue?) -> [Cause] {
        let size = (object["data"]?.members ?? [:]).reduce(0) { $0 + $1.key.utf8.count + ($1.value.text?.utf8.count ?? 0) }
        if size > 1_048_576 { return [.tooLong("[]", "may not be more than 1048576 bytes")] }
        guard let old, old["immutable"] == true else { return [] }
        return ["data", "binaryData"].filter { old[$0] != object[$0] }.map {
            .forbidden($0, "field is immutable when `immutable` is set")
        }
    }

    private static func eventCauses(_ event: JSONValue, _ type: ResourceType) -> [Cause] {
        var causes: [Cause] = []
        let about = event["involvedObject", "namespace"]?.text ?? ""
        let namespace = event["metadata", "namespace"]?.text ?? ""
        if about.isEmpty ? namespace != "default" : about != namespace {
            causes.append(.invalid("involvedObject.namespace", .string(about), "does not match event.namespace"))
        }
        guard type.group == "events.k8s.io" else { return causes }
        if event["eventTime"] == nil || event["eventTime"] == .null { causes.append(.required("eventTime")) }
        for (stored, name) in [
            ("reportingComponent", "reportingController"), ("reportingInstance", "reportingInstance"), ("action", "action"),
        ]
        where (event[stored]?.text ?? "").isEmpty { causes.append(.required(name)) }
        if (event["reason"]?.text ?? "").isEmpty { causes.append(.required("reason")) }
        if !["Normal", "Warning"].contains(event["type"]?.text ?? "") {
            causes.append(.invalid("type", event["type"] ?? "", "has invalid value: \(event["type"]?.text ?? "")"))
        }
        if (event["message"]?.text ?? "").utf8.count > 1024 { causes.append(.invalid("message", "", "can have at most 1024 characters")) }
        return causes
    }

    private static func leaseCauses(_ lease: JSONValue) -> [Cause] {
        var causes: [Cause] = []
        if let seconds = lease["spec", "leaseDurationSeconds"]?.integer, seconds <= 0 {
            causes.append(.invalid("spec.leaseDurationSeconds", .integer(seconds), "must be greater than 0"))
        }
        if let count = lease["spec", "leaseTransitions"]?.integer, count < 0 { causes.append(negative("spec.leaseTransitions", count)) }
        return causes
    }

    private static func autoscalerCauses(_ autoscaler: JSONValue) -> [Cause] {
        guard let maximum = autoscaler["spec", "maxReplicas"]?.integer, maximum >= 1 else {
            return [.invalid("spec.maxReplicas", autoscaler["spec", "maxReplicas"] ?? 0, "must be greater than 0")]
        }
        guard let minimum = autoscaler["spec", "minReplicas"]?.integer, minimum > maximum else { return [] }
        return [.invalid("spec.maxReplicas", .integer(maximum), "must be greater than or equal to `minReplicas`")]
    }
}

/// The part of OpenAPI schemas, and the two forms of CEL rules, that custom resources here use.
enum SchemaValidation {
    typealias Cause = APIFailure.FieldCause

    static func causes(in object: JSONValue, schema: JSONValue, before old: JSONValue?) -> [Cause] {
        var found: [Cause] = []
        check(object, schema, "", &found)
        if !found.isEmpty, hasRules(schema) {
            found.append(
                Cause(
                    reason: "FieldValueInvalid", field: "<nil>",
                    message:
                        "Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation"
                ))
            return found
        }
        checkRules(object, schema, old, "", &found)
        return found
    }

    private static func check(_ value: JSONValue, _ schema: JSONValue, _ path: String, _ found: inout [Cause]) {
        if let type = schema["type"]?.text, !matches(value, type) {
            found.append(
                Cause(
                    reason: "FieldValueTypeInvalid", field: path,
                    message: "Invalid value: \"\(value.goTypeName)\": \(path) in body must be of type \(type): \"\(value.goTypeName)\""))
            return
        }
        for name in (schema["required"]?.elements ?? []).compactMap(\.text) where value[name] == nil {
            found.append(.required(path.isEmpty ? name : path + "." + name))
        }
        if let number = value.integer {
            if let maximum = schema["maximum"]?.integer, number > maximum {
                found.append(.invalid(path, value, "\(path) in body should be less than or equal to \(maximum)"))
            }
            if let minimum = schema["minimum"]?.integer, number < minimum {
                found.append(.invalid(path, value, "\(path) in body should be greater than or equal to \(minimum)"))
            }
        }
        if let choices = schema["enum"]?.elements, !choices.contains(value) { found.append(.unsupported(path, value, choices)) }
        let properties = schema["properties"]?.members ?? [:]
        // The order of Go's answer is that of its own walk: numbers before enumerations, as the recorded answer has it.
        for (name, property) in properties.sorted(by: {
            $0.value["enum"] == nil && $1.value["enum"] != nil
                ? true : ($0.value["enum"] == nil) == ($1.value["enum"] == nil) && $0.key < $1.key
        }) {
            if let member = value[name] { check(member, property, path.isEmpty ? name : path + "." + name, &found) }
        }
        if let items = schema["items"] {
            for (index, element) in value.elements.enumerated() { check(element, items, "\(path)[\(index)]", &found) }
        }
    }

    private static func matches(_ value: JSONValue, _ type: String) -> Bool {
        switch (type, value) {
        case ("object", .object), ("array", .array), ("string", .string), ("boolean", .bool), ("integer", .integer), ("number", .integer),
            ("number", .double):
            true
        default: !["object", "array", "string", "boolean", "integer", "number"].contains(type)
        }
    }

    private static func hasRules(_ schema: JSONValue) -> Bool {
        schema["x-kubernetes-validations"] != nil || (schema["properties"]?.members.values.contains(where: hasRules) ?? false)
    }

    /// `self == oldSelf` and `self.a <= self.b`; other rules are not evaluated.
    private static func checkRules(_ value: JSONValue, _ schema: JSONValue, _ old: JSONValue?, _ path: String, _ found: inout [Cause]) {
        for rule in schema["x-kubernetes-validations"]?.elements ?? [] {
            let words = (rule["rule"]?.text ?? "").split(separator: " ").map(String.init)
            guard words.count == 3 else { continue }
            let holds: Bool =
                if words == ["self", "==", "oldSelf"] {
                    old == nil || old == value
                } else if words[1] == "<=",
                    let left = operand(words[0], value), let right = operand(words[2], value)
                { left <= right } else { true }
            guard !holds else { continue }
            let text = rule["message"]?.text ?? "failed rule: " + words.joined(separator: " ")
            found.append(rule["reason"] == "FieldValueForbidden" ? .forbidden(path, text) : .invalid(path, value, text))
        }
        for (name, property) in (schema["properties"]?.members ?? [:]).sorted(by: { $0.key < $1.key }) {
            if let member = value[name] { checkRules(member, property, old?[name], path.isEmpty ? name : path + "." + name, &found) }
        }
    }

    private static func operand(_ word: String, _ value: JSONValue) -> Int64? {
        Int64(word) ?? word.droppingPrefix("self.").flatMap { value[$0]?.integer }
    }
}
