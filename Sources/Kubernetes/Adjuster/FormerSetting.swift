import Documents
import Policies

/// What stood at a knob's place before a change, to the byte, so that taking the change back leaves nothing of it: `0.90` comes back as
/// `0.90`, and what was not there is taken away.
struct FormerSetting: Hashable {
    /// Words of a command line, a variable, requests and limits, or the value itself; `nil` where there was nothing.
    var value: DocumentValue?
    /// Whether the list or object around it was not there either.
    var isBare = false
    /// Of a command line: which list, and where in it.
    var list: ContainerCommand.List = .args
    var index = 0
    /// Of a ConfigMap's key: the adjustment that pods were last restarted for.
    var restartedFor: String?

    init(value: DocumentValue? = nil, isBare: Bool = false) {
        self.value = value
        self.isBare = isBare
    }

    /// - Parameter manifest: The object that holds the knob's place, as it is before the change; for a ConfigMap's key, the ConfigMap.
    init(of knob: Knob, in manifest: Manifest) throws(NoPatch) {
        switch knob.place {
        case .replicas: self.init(value: manifest.document["spec"]?["replicas"])
        case .containerArgument(let name, let flag): self.init(flag, knob.isSwitch, try manifest.container(name).command)
        case .environment(let name, let variable):
            let container = try manifest.container(name)
            self.init(value: container.variables.last { $0.text("name") == variable }, isBare: container.document["env"] == nil)
        case .resource(let name, let resource):
            let resources = try manifest.container(name).document["resources"]
            let present = ["limits", "requests"].compactMap { kind in
                resources?[kind]?[resource].map { DocumentValue.Member(key: kind, value: $0) }
            }
            self.init(value: .object(present), isBare: resources == nil)
        case .configMapKey(_, let key):
            self.init(value: manifest.document["data"]?[key], isBare: manifest.document["data"] == nil)
        case .parameter: throw NoPatch("a parameter of a command has no place in a workload")
        case .field(let pointer): self.init(value: manifest.document.value(at: pointer))
        }
    }

    private init(_ flag: String, _ isSwitch: Bool, _ command: ContainerCommand) {
        self.init(value: .array([]), isBare: command.arguments == nil)
        switch command.place(of: flag, isSwitch: isSwitch) {
        case .joined(let list, let index, let word): take([word], list, index)
        case .separate(let list, let index, let value): take([flag, value], list, index)
        case .bare(let list, let index): take([flag], list, index)
        case .script, .absent: break
        }
    }

    private mutating func take(_ words: [String], _ list: ContainerCommand.List, _ index: Int) {
        value = .array(words.map { .string($0) })
        self.list = list
        self.index = index
    }
}

extension FormerSetting {
    /// As it is kept in the mark on the target.
    var document: DocumentValue {
        var members: [DocumentValue.Member] = []
        if let value { members.append(.init(key: "value", value: value)) }
        if isBare { members.append(.init(key: "bare", value: .boolean(true))) }
        if list != .args { members.append(.init(key: "list", value: .string(list.rawValue))) }
        if index > 0 { members.append(.init(key: "index", value: .integer(Int64(index)))) }
        if let restartedFor { members.append(.init(key: "restartedFor", value: .string(restartedFor))) }
        return .object(members)
    }

    init(_ document: DocumentValue) {
        self.init(value: document["value"], isBare: document["bare"]?.boolean ?? false)
        list = document.text("list").flatMap(ContainerCommand.List.init) ?? .args
        index = Int(clamping: max(0, document.integer("index") ?? 0))
        restartedFor = document.text("restartedFor")
    }
}
