/// When the controllers of workloads work.
public enum RolloutMode: Sendable, Hashable {
    case manual
    /// After each write, until nothing changes.
    case automatic
}

/// What becomes of pods that are made.
public enum PodBehaviour: Sendable, Hashable {
    case ready
    /// Running, never ready.
    case neverReady
    /// Pending, with the scheduler's words.
    case unschedulable
    case crashLoop
    case imagePullBackOff

    /// The status of a pod, in the shape of a real one.
    func status(time: String, containers: [JSONValue], isReady: Bool, ordinal: Int) -> JSONValue {
        if self == .unschedulable {
            let why = "0/3 nodes are available: 3 Insufficient nvidia.com/gpu. preemption: 0/3 nodes are available: "
            let scheduled: JSONValue = [
                "type": "PodScheduled", "status": "False", "lastProbeTime": .null, "lastTransitionTime": .string(time),
                "reason": "Unschedulable", "message": .string(why + "3 Preemption is not helpful for scheduling."),
            ]
            return ["phase": "Pending", "conditions": [scheduled], "qosClass": "Burstable"]
        }
        func condition(_ type: String, _ isTrue: Bool) -> JSONValue {
            ["type": .string(type), "status": isTrue ? "True" : "False", "lastProbeTime": .null, "lastTransitionTime": .string(time)]
        }
        let conditions = [
            condition("PodReadyToStartContainers", true), condition("Initialized", true), condition("Ready", isReady),
            condition("ContainersReady", isReady), condition("PodScheduled", true),
        ]
        let address = "10.244.\(ordinal / 250).\(ordinal % 250 + 1)"
        return [
            "phase": self == .imagePullBackOff ? "Pending" : "Running", "conditions": .array(conditions), "hostIP": "127.0.0.1",
            "podIP": .string(address), "podIPs": [["ip": .string(address)]], "startTime": .string(time),
            "containerStatuses": .array(containers.map { containerStatus($0, time, isReady) }), "qosClass": "BestEffort",
        ]
    }

    private func containerStatus(_ container: JSONValue, _ time: String, _ isReady: Bool) -> JSONValue {
        let state: JSONValue =
            switch self {
            case .crashLoop:
                ["waiting": ["reason": "CrashLoopBackOff", "message": "back-off 10s restarting failed container (fake)"]]
            case .imagePullBackOff: ["waiting": ["reason": "ImagePullBackOff", "message": "Back-off pulling image (fake)"]]
            default: ["running": ["startedAt": .string(time)]]
            }
        let image = container["image"] ?? ""
        return [
            "name": container["name"] ?? "", "state": state, "lastState": [:], "ready": .bool(isReady),
            "restartCount": self == .crashLoop ? 1 : 0, "image": image, "imageID": self == .imagePullBackOff ? "" : image,
            "started": .bool(self != .imagePullBackOff),
        ]
    }
}
