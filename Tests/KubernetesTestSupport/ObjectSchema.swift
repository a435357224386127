/// Which fields an object may have, and of which JSON type: enough of the server's schemas to tell apart what it refuses, warns of and drops.
enum ObjectSchema {
    /// Removes the fields that the type does not have.
    ///
    /// - Returns: Their paths: `spec.template.spec.containers[0].imagee`.
    static func prune(_ object: inout JSONValue, of type: ResourceType) -> [String] {
        if let schema = type.schema { return prune(&object, schema: schema) }
        guard !type.isCustom else { return [] }
        var unknown: [String] = []
        if type.scale != nil, var spec = object["spec"], spec.isObject {
            if var pod = spec["template", "spec"] {
                for list in ["containers", "initContainers"] {
                    var index = 0
                    pod.mapElements(list) { container in
                        unknown += drop(&container, "spec.template.spec.\(list)[\(index)]", KnownFields.container)
                        index += 1
                    }
                }
                unknown += drop(&pod, "spec.template.spec", KnownFields.podSpec)
                spec["template", "spec"] = pod
            }
            unknown += drop(&spec, "spec", type.plural == "deployments" ? KnownFields.deployment : KnownFields.statefulSet)
            object["spec"] = spec
        }
        if type.plural == "leases", var spec = object["spec"] {
            unknown += drop(&spec, "spec", KnownFields.lease)
            object["spec"] = spec
        }
        unknown += drop(&object, "", KnownFields.topLevel[type.plural] ?? ["kind", "apiVersion", "metadata", "spec", "status"])
        return unknown
    }

    private static func drop(_ value: inout JSONValue, _ path: String, _ known: Set<String>) -> [String] {
        let unknown = value.members.keys.filter { !known.contains($0) }.sorted()
        guard !unknown.isEmpty else { return [] }
        value = .object(value.members.filter { known.contains($0.key) })
        return unknown.map { path.isEmpty ? $0 : path + "." + $0 }
    }

    private static func prune(_ object: inout JSONValue, schema: JSONValue) -> [String] {
        var unknown: [String] = []
        func walk(_ value: inout JSONValue, _ schema: JSONValue, _ path: String) {
            if schema["x-kubernetes-preserve-unknown-fields"] == true { return }
            if case .object(var members) = value, let properties = schema["properties"]?.members {
                for (name, member) in members.sorted(by: { $0.key < $1.key }) {
                    let here = path.isEmpty ? name : path + "." + name
                    if path.isEmpty && ["apiVersion", "kind", "metadata"].contains(name) { continue }
                    guard let property = properties[name] else {
                        unknown.append(here)
                        members[name] = nil
                        continue
                    }
                    var copy = member
                    walk(&copy, property, here)
                    members[name] = copy
                }
                value = .object(members)
            } else if case .array(var elements) = value, let items = schema["items"] {
                for index in elements.indices { walk(&elements[index], items, "\(path)[\(index)]") }
                value = .array(elements)
            }
        }
        walk(&object, schema, "")
        return unknown
    }

    /// The first field whose JSON type the server cannot take, as Go's decoder puts it.
    static func typeError(in object: JSONValue, of type: ResourceType) -> String? {
        if type.plural == "leases" { return leaseError(object) }
        if type.plural == "configmaps" {
            for (_, value) in object["data"]?.members ?? [:] where value.text == nil && value != .null {
                return "json: cannot unmarshal \(value.goTypeName) into Go struct field ConfigMap.data of type string"
            }
        }
        guard type.scale != nil, !type.isCustom else { return nil }
        for name in ["replicas", "progressDeadlineSeconds", "minReadySeconds", "revisionHistoryLimit"] {
            guard let value = object["spec", name], value != .null, value.integer == nil else { continue }
            return "json: cannot unmarshal \(value.goTypeName) into Go struct field \(type.kind)Spec.spec.\(name) of type int32"
        }
        return nil
    }

    private static func leaseError(_ lease: JSONValue) -> String? {
        for name in ["acquireTime", "renewTime"] {
            guard let text = lease["spec", name]?.text, let error = microTimeError(text) else { continue }
            return error
        }
        for name in ["leaseDurationSeconds", "leaseTransitions"] {
            guard let value = lease["spec", name], value != .null, value.integer == nil else { continue }
            return "json: cannot unmarshal \(value.goTypeName) into Go struct field LeaseSpec.spec.\(name) of type int32"
        }
        return nil
    }

    /// Go's words for a text that is not of the form `2006-01-02T15:04:05.000000Z07:00`; `nil` for one that is.
    static func microTimeError(_ text: String) -> String? {
        let layout = "2006-01-02T15:04:05.000000Z07:00"
        func failure(_ rest: Substring, _ wanted: String) -> String {
            "parsing time \"\(text)\" as \"\(layout)\": cannot parse \"\(rest)\" as \"\(wanted)\""
        }
        var rest = Substring(text)
        for (digits, wanted, separator) in [
            (4, "2006", "-"), (2, "01", "-"), (2, "02", "T"), (2, "15", ":"), (2, "04", ":"), (2, "05", ""),
        ] {
            guard rest.prefix(digits).count == digits, rest.prefix(digits).allSatisfy({ $0.isASCII && $0.isNumber }) else {
                return failure(rest, wanted)
            }
            rest = rest.dropFirst(digits)
            guard rest.hasPrefix(separator) else { return failure(rest, separator) }
            rest = rest.dropFirst(separator.count)
        }
        guard rest.first == ".", rest.dropFirst().prefix(6).count == 6, rest.dropFirst().prefix(6).allSatisfy(\.isNumber) else {
            return failure(rest, ".000000")
        }
        rest = rest.dropFirst(7)
        return rest == "Z" || (rest.count == 6 && "+-".contains(rest.first ?? " ")) ? nil : failure(rest, "Z07:00")
    }
}

/// The fields of the built-in types that workloads here use.
enum KnownFields {
    static let topLevel: [String: Set<String>] = [
        "configmaps": ["kind", "apiVersion", "metadata", "data", "binaryData", "immutable"],
        "events": [
            "kind", "apiVersion", "metadata", "involvedObject", "reason", "message", "source", "firstTimestamp", "lastTimestamp", "count",
            "type", "eventTime", "series", "action", "related", "reportingComponent", "reportingInstance", "regarding", "note",
            "reportingController", "deprecatedSource", "deprecatedFirstTimestamp", "deprecatedLastTimestamp", "deprecatedCount",
        ],
    ]
    static let lease: Set<String> = [
        "holderIdentity", "leaseDurationSeconds", "acquireTime", "renewTime", "leaseTransitions", "strategy", "preferredHolder",
    ]
    static let deployment: Set<String> = [
        "replicas", "selector", "template", "strategy", "minReadySeconds", "revisionHistoryLimit", "paused", "progressDeadlineSeconds",
    ]
    static let statefulSet: Set<String> = [
        "replicas", "selector", "template", "volumeClaimTemplates", "serviceName", "podManagementPolicy", "updateStrategy",
        "revisionHistoryLimit", "minReadySeconds", "persistentVolumeClaimRetentionPolicy", "ordinals",
    ]
    static let podSpec: Set<String> = [
        "volumes", "initContainers", "containers", "ephemeralContainers", "restartPolicy", "terminationGracePeriodSeconds",
        "activeDeadlineSeconds", "dnsPolicy", "nodeSelector", "serviceAccountName", "serviceAccount", "automountServiceAccountToken",
        "nodeName", "hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "securityContext", "imagePullSecrets", "hostname",
        "subdomain", "affinity", "schedulerName", "tolerations", "hostAliases", "priorityClassName", "priority", "dnsConfig",
        "readinessGates", "runtimeClassName", "enableServiceLinks", "preemptionPolicy", "overhead", "topologySpreadConstraints",
        "setHostnameAsFQDN", "os", "hostUsers", "schedulingGates", "resourceClaims", "resources",
    ]
    static let container: Set<String> = [
        "name", "image", "command", "args", "workingDir", "ports", "envFrom", "env", "resources", "resizePolicy", "restartPolicy",
        "volumeMounts", "volumeDevices", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle", "terminationMessagePath",
        "terminationMessagePolicy", "imagePullPolicy", "securityContext", "stdin", "stdinOnce", "tty",
    ]
}
