/// The values that the server fills in.
enum ObjectDefaults {
    static func apply(to object: inout JSONValue, of type: ResourceType) {
        switch type.storage {
        case "deployments.apps": deployment(&object)
        case "statefulsets.apps": statefulSet(&object)
        case "namespaces":
            object.setDefault("spec", "finalizers", to: ["kubernetes"])
            object.setDefault("status", "phase", to: "Active")
            if let name = object["metadata", "name"] { object["metadata", "labels", "kubernetes.io/metadata.name"] = name }
        case "pods":
            if var spec = object["spec"] {
                podSpec(&spec)
                object["spec"] = spec
            }
        case "horizontalpodautoscalers.autoscaling": object.setDefault("spec", "minReplicas", to: 1)
        case "leases.coordination.k8s.io": object.setDefault("spec", to: [:])
        case "customresourcedefinitions.apiextensions.k8s.io": customResourceDefinition(&object)
        default:
            if let schema = type.schema { fill(&object, from: schema) }
        }
    }

    private static func deployment(_ object: inout JSONValue) {
        object.setDefault("spec", "replicas", to: 1)
        object.setDefault("spec", "strategy", "type", to: "RollingUpdate")
        if object["spec", "strategy", "type"] == "RollingUpdate" {
            object.setDefault("spec", "strategy", "rollingUpdate", "maxUnavailable", to: "25%")
            object.setDefault("spec", "strategy", "rollingUpdate", "maxSurge", to: "25%")
        }
        object.setDefault("spec", "revisionHistoryLimit", to: 10)
        object.setDefault("spec", "progressDeadlineSeconds", to: 600)
        object.setDefault("status", to: [:])
        template(&object)
        dropZeroes(&object)
    }

    private static func statefulSet(_ object: inout JSONValue) {
        object.setDefault("spec", "replicas", to: 1)
        object.setDefault("spec", "podManagementPolicy", to: "OrderedReady")
        object.setDefault("spec", "updateStrategy", "type", to: "RollingUpdate")
        if object["spec", "updateStrategy", "type"] == "RollingUpdate" {
            object.setDefault("spec", "updateStrategy", "rollingUpdate", "partition", to: 0)
        }
        object.setDefault("spec", "revisionHistoryLimit", to: 10)
        object.setDefault("spec", "serviceName", to: "")
        object.setDefault("spec", "persistentVolumeClaimRetentionPolicy", to: ["whenDeleted": "Retain", "whenScaled": "Retain"])
        object.setDefault("status", "replicas", to: 0)
        template(&object)
    }

    private static func template(_ object: inout JSONValue) {
        object.setDefault("spec", "template", "metadata", to: [:])
        var spec = object["spec", "template", "spec"] ?? [:]
        podSpec(&spec)
        object["spec", "template", "spec"] = spec
    }

    /// What Go leaves out of a status that is zero.
    private static func dropZeroes(_ object: inout JSONValue) {
        for name in ["replicas", "readyReplicas", "availableReplicas", "updatedReplicas", "unavailableReplicas"]
        where object["status", name] == 0 { object["status", name] = nil }
    }

    private static func podSpec(_ spec: inout JSONValue) {
        spec.setDefault("restartPolicy", to: "Always")
        spec.setDefault("terminationGracePeriodSeconds", to: 30)
        spec.setDefault("dnsPolicy", to: "ClusterFirst")
        spec.setDefault("securityContext", to: [:])
        spec.setDefault("schedulerName", to: "default-scheduler")
        spec.mapElements("containers", container)
        spec.mapElements("initContainers", container)
        spec.mapElements("volumes", volume)
    }

    private static func container(_ container: inout JSONValue) {
        guard container.isObject else { return }
        let image = container["image"]?.text ?? ""
        let tag = image.split(separator: "/").last?.split(separator: ":").dropFirst().first
        container.setDefault("resources", to: [:])
        container.setDefault("terminationMessagePath", to: "/dev/termination-log")
        container.setDefault("terminationMessagePolicy", to: "File")
        container.setDefault("imagePullPolicy", to: tag == nil || tag == "latest" ? "Always" : "IfNotPresent")
        container.mapElements("ports") { $0.setDefault("protocol", to: "TCP") }
        container.mapElements("env") { variable in
            if variable["value"] == "" { variable["value"] = nil }
            if variable["valueFrom", "fieldRef"] != nil { variable.setDefault("valueFrom", "fieldRef", "apiVersion", to: "v1") }
        }
        for probe in ["livenessProbe", "readinessProbe", "startupProbe"] where container[probe] != nil {
            container.setDefault(probe, "timeoutSeconds", to: 1)
            container.setDefault(probe, "periodSeconds", to: 10)
            container.setDefault(probe, "successThreshold", to: 1)
            container.setDefault(probe, "failureThreshold", to: 3)
            if container[probe, "httpGet"] != nil {
                container.setDefault(probe, "httpGet", "scheme", to: "HTTP")
                container.setDefault(probe, "httpGet", "path", to: "/")
            }
        }
    }

    private static func volume(_ volume: inout JSONValue) {
        for source in ["configMap", "secret", "projected", "downwardAPI"] where volume[source] != nil {
            volume.setDefault(source, "defaultMode", to: 420)
        }
        if volume["hostPath"] != nil { volume.setDefault("hostPath", "type", to: "") }
    }

    private static func customResourceDefinition(_ object: inout JSONValue) {
        object.setDefault("spec", "conversion", "strategy", to: "None")
        let kind = object["spec", "names", "kind"]?.text ?? ""
        object.setDefault("spec", "names", "listKind", to: .string(kind + "List"))
        object.setDefault("spec", "names", "singular", to: .string(kind.lowercased()))
        let names = (object["spec", "versions"]?.elements ?? []).filter { $0["storage"] == true }.compactMap { $0["name"] }
        object.setDefault(
            "status", to: ["conditions": .null, "acceptedNames": ["plural": "", "kind": ""], "storedVersions": .array(names)])
    }

    /// `default` of a structural schema.
    private static func fill(_ value: inout JSONValue, from schema: JSONValue) {
        if case .object(var members) = value {
            for (name, property) in schema["properties"]?.members ?? [:] {
                if members[name] == nil, let known = property["default"] { members[name] = known }
                if var member = members[name] {
                    fill(&member, from: property)
                    members[name] = member
                }
            }
            value = .object(members)
        } else if case .array(var elements) = value, let items = schema["items"] {
            for index in elements.indices { fill(&elements[index], from: items) }
            value = .array(elements)
        }
    }
}
