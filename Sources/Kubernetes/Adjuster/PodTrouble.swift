import Documents

/// What keeps a pod from running.
enum PodTrouble {
    /// Why a pod will not get to run by itself: container, reason and figures; `nil` where it runs, or may.
    ///
    /// A container that is ready counts as fine whatever became of it earlier.
    static func failure(of pod: DocumentValue) -> String? {
        let status = pod["status"]
        let containers = (status?["initContainerStatuses"]?.elements ?? []) + (status?["containerStatuses"]?.elements ?? [])
        for container in containers where container["ready"]?.boolean != true {
            guard let reason = failure(ofContainer: container) else { continue }
            return "pod \(pod.foreignText("metadata", "name")), container \(container.foreignText("name")): \(reason)"
        }
        return nil
    }

    /// A container that failed this often and is not ready is taken for one that always will.
    static let mostRestarts: Int64 = 3

    private static func failure(ofContainer container: DocumentValue) -> String? {
        let restarts = container.integer("restartCount") ?? 0
        let last = container["state"]?["terminated"] ?? container["lastState"]?["terminated"]
        let exit = last.map { ended in
            ", last ended with exit code \(ended.integer("exitCode") ?? 0) (\(ended.foreignText("reason")))"
        }
        let history = "\(restarts) restarts\(exit ?? "")"
        if let waiting = container["state"]?["waiting"], let reason = waiting.text("reason"), hopeless.contains(reason) {
            return "\(reason): \(waiting.foreignText("message")); \(history)"
        }
        if last?.text("reason") == "OOMKilled" { return "killed for using more memory than its limit (OOMKilled); \(history)" }
        return restarts >= mostRestarts ? "restarts again and again: \(history)" : nil
    }

    /// Reasons of waiting that only a change cures. `ErrImagePull` is left out: it becomes `ImagePullBackOff` where it lasts.
    private static let hopeless: Set<String> = [
        "CrashLoopBackOff", "CreateContainerConfigError", "CreateContainerError", "ErrImageNeverPull", "ImagePullBackOff",
        "InvalidImageName",
        "RunContainerError",
    ]

    /// The scheduler's words why no node takes a pod; `nil` where one did.
    static func unschedulable(_ pod: DocumentValue) -> String? {
        let condition = pod["status"]?["conditions"]?.elements.first { $0.text("type") == "PodScheduled" }
        guard let condition, condition.text("status") == "False", condition.text("reason") == "Unschedulable" else { return nil }
        return condition.foreignText("message")
    }
}

/// Whether a pod was made from a pod template as it is now.
enum PodTemplateFit {
    /// Compares what the template says of containers, labels and annotations; the API server and admission may have added to the pod.
    static func isPod(_ pod: DocumentValue, of template: DocumentValue) -> Bool {
        for kind in ["labels", "annotations"] where !holds(template["metadata"]?[kind], pod["metadata"]?[kind]) { return false }
        let have = pod["spec"]?["containers"]?.elements ?? []
        return (template["spec"]?["containers"]?.elements ?? []).allSatisfy { wanted in
            have.first { $0.text("name") == wanted.text("name") }.map { isContainer($0, like: wanted) } ?? false
        }
    }

    private static func isContainer(_ container: DocumentValue, like wanted: DocumentValue) -> Bool {
        guard ["image", "command", "args"].allSatisfy({ container[$0] == wanted[$0] }) else { return false }
        guard holds(wanted["resources"]?["limits"], container["resources"]?["limits"]),
            holds(wanted["resources"]?["requests"], container["resources"]?["requests"])
        else { return false }
        let variables = container["env"]?.elements ?? []
        return (wanted["env"]?.elements ?? []).allSatisfy { variable in
            variables.contains { $0.canonical == variable.canonical }
        }
    }

    private static func holds(_ wanted: DocumentValue?, _ have: DocumentValue?) -> Bool {
        (wanted?.members ?? []).allSatisfy { have?[$0.key] == $0.value }
    }
}

extension DocumentValue {
    /// `Kind namespace/name`, for messages.
    var objectTitle: String {
        let namespace = text("metadata", "namespace").map { "\($0)/" } ?? ""
        return "\(text("kind") ?? "object") \(namespace)\(text("metadata", "name") ?? "?")"
    }

    /// Whether an object is on its way out.
    var isBeingDeleted: Bool { self["metadata"]?["deletionTimestamp"]?.text != nil }

    /// Whether a pod is to run: one that was evicted stays listed as Failed, though another has taken its place.
    var isLiving: Bool { !isBeingDeleted && !["Failed", "Succeeded"].contains(text("status", "phase")) }

    func label(_ name: String) -> String? { self["metadata"]?["labels"]?[name]?.text }

    func annotation(_ name: String) -> String? { self["metadata"]?["annotations"]?[name]?.text }
}
