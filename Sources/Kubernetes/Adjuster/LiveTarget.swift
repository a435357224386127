import Control
import Documents
import FoundationEssentials
import Learning
import Policies

/// A target as it was read: the object, and whatever else holds its settings.
struct LiveTarget {
    let object: DocumentValue
    /// Its scale subresource, where the object's own number of replicas stands at a place of its kind's choice.
    var scale: DocumentValue?
    /// By name; those that are not there are left out.
    var configMaps: [String: DocumentValue]
    let mark: TargetMark?

    init(_ object: DocumentValue, scale: DocumentValue? = nil, configMaps: [String: DocumentValue] = [:]) {
        self.object = object
        self.scale = scale
        self.configMaps = configMaps
        mark = TargetMark(on: object)
    }

    var identity: String? { object.text("metadata", "uid") }

    /// The annotation of the pod template that restarts the pods for an adjustment of a ConfigMap.
    static let restartAnnotation = "llm-devops.io/restartedFor"

    /// The adjustment the pods were last restarted for.
    var restartedFor: String? { object["spec"]?["template"]?.annotation(Self.restartAnnotation) }

    /// Whether pods are made from a template in the object, so that a change of it replaces them.
    var hasPods: Bool { object["spec"]?["template"]?["spec"]?["containers"] != nil }

    /// The object with the settings of a knob: a ConfigMap for a knob in one, else the target itself.
    func holder(of knob: Knob) -> DocumentValue? {
        if case .configMapKey(let name, _) = knob.place { configMaps[name] } else { object }
    }

    /// What the objects say of a knob, as text; `nil` where they do not mention it.
    func text(of knob: Knob) -> String? {
        // An absent number of replicas is zero; only an object's own is given a default when it is made.
        if knob.place == .replicas, let scale { return "\(scale.integer("spec", "replicas") ?? 0)" }
        return Manifest(object: object, beside: Array(configMaps.values)).text(of: knob)
    }

    /// What the objects say of a knob, or the policy's assumption where they do not mention it.
    func stated(_ knob: Knob) -> KnobState? {
        if let text = text(of: knob) { return KnobState(knob.value(reading: text), origin: .live) }
        guard holder(of: knob) != nil else { return nil }
        return knob.assumed.map { KnobState($0, origin: .assumed) }
    }

    /// What is in force: for a knob in a ConfigMap, which engines read when they start, what the pods were started with.
    func inForce(_ knob: Knob) -> KnobState? {
        guard let stated = stated(knob) else { return nil }
        guard case .configMapKey = knob.place, hasPods, let mark = mark?.mark, mark.knob == knob.name,
            stated.value.isSame(as: mark.from) || stated.value.isSame(as: mark.to)
        else { return stated }
        return KnobState(restartedFor == mark.adjustment.text ? mark.to : mark.from, origin: .live)
    }
}

extension UUID {
    /// As it stands in annotations.
    var text: String { uuidString.lowercased() }
}

extension Knob {
    /// A text as a value of this knob: the listed one that is written so, or is the same amount of a resource; else the plainest reading.
    func value(reading text: String) -> KnobValue {
        var listed: [KnobValue] = []
        if case .values(let values) = domain { listed = values }
        if let same = listed.first(where: { $0.description == text }) { return same }
        guard case .resource = place, let amount = Quantity(text) else { return KnobValue(plain: text) }
        if let same = listed.first(where: { Quantity($0.description) == amount }) { return same }
        if case .range = domain, let whole = Int(exactly: amount.value) { return .integer(whole) }
        return KnobValue(plain: text)
    }
}
