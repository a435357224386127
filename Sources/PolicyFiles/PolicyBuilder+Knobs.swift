internal import Policies

extension PolicyBuilder {
    mutating func knobs(_ object: ParsedObject?, ofCommandTarget isParameter: Bool) -> [Knob] {
        var places: [Knob.Place: String] = [:]
        return (object?.entries ?? []).compactMap { entry in
            guard let fields = entry.value.object, let knob = knob(entry, fields, isParameter: isParameter) else { return nil }
            if let other = places[knob.place] {
                log.error(fields.place(of: "at"), "the knobs '\(other)' and '\(knob.name)' are the same setting of the target")
            }
            places[knob.place] = knob.name
            return knob
        }
    }

    private mutating func knob(_ entry: ParsedObject.Entry, _ fields: ParsedObject, isParameter: Bool) -> Knob? {
        let domain = domain(entry.key, fields)
        let place = isParameter ? parameter(entry, fields) : place(entry, fields)
        let assumed = fields.entry("default")?.value.scalar
        if let domain, let assumed, !domain.contains(assumed) {
            log.error(fields.place(of: "default"), "the default \(assumed) is not one of the values of '\(entry.key)': \(domain.words)")
        }
        guard let domain, let place else { return nil }
        let role = fields.choice("role") ?? Knob.Role(knobName: entry.key)
        let terms = fields.object("plan").flatMap(plan)
        return Knob(name: entry.key, domain: domain, place: place, assumed: assumed, role: role, plan: terms)
    }

    private mutating func domain(_ name: String, _ fields: ParsedObject) -> Knob.Domain? {
        if let values = fields.list("values")?.compactMap(\.scalar) { return listed(name, values, fields) }
        guard fields.has("min") else { return nil }
        guard fields.has("max") else {
            log.error(fields.place, "the knob '\(name)' has 'min' but no 'max'; everything that is adjusted needs both bounds")
            return nil
        }
        guard let low = fields.integer("min"), let high = fields.integer("max") else { return nil }
        let step = fields.integer("step") ?? 1
        guard low <= high else {
            log.error(fields.place(of: "min"), "'min' \(low) is greater than 'max' \(high)")
            return nil
        }
        if low < high, step > high - low {
            log.error(fields.place(of: "step"), "the step \(step) does not fit between 'min' \(low) and 'max' \(high)")
        }
        if name == "replicas", low < 0 { log.error(fields.place(of: "min"), "'replicas' must not go below 0, found \(low)") }
        return .range(min: low, max: high, step: step)
    }

    private mutating func listed(_ name: String, _ values: [KnobValue], _ fields: ParsedObject) -> Knob.Domain {
        var seen: Set<KnobValue> = []
        for item in fields.list("values") ?? [] {
            guard let value = item.scalar else { continue }
            if !seen.insert(value).inserted { log.error(item.place, "the value \(value) is listed twice") }
            if name == "replicas", (value.numeric ?? -1) < 0 || !value.isWhole {
                log.error(item.place, "'replicas' takes whole numbers from 0, found '\(value)'")
            }
        }
        return .values(values)
    }

    private mutating func parameter(_ entry: ParsedObject.Entry, _ fields: ParsedObject) -> Knob.Place {
        if let at = fields.writtenKeys["at"] {
            log.error(at, "a knob of a command target takes no 'at': it is the placeholder '{\(entry.key)}' of the target's commands")
        }
        return .parameter(name: entry.key)
    }

    private mutating func place(_ entry: ParsedObject.Entry, _ fields: ParsedObject) -> Knob.Place? {
        if entry.key == "replicas" {
            if fields.has("at") {
                log.error(fields.writtenKeys["at"] ?? fields.place, "'replicas' is set through the scale subresource and takes no 'at'")
            }
            return .replicas
        }
        guard let at = fields.object("at") else {
            if !fields.has("at") {
                let cure = "at: {env: {container: NAME, name: VARIABLE}}"
                log.error(entry.keyPlace, "the knob '\(entry.key)' needs 'at' to say where it lives, such as \(cure)")
            }
            return nil
        }
        if let argument = at.object("containerArg") {
            return .containerArgument(container: argument.text("container") ?? "", flag: argument.text("flag") ?? "")
        }
        if let variable = at.object("env") {
            return .environment(container: variable.text("container") ?? "", name: variable.text("name") ?? "")
        }
        if let map = at.object("configMap") { return .configMapKey(configMap: map.text("name") ?? "", key: map.text("key") ?? "") }
        if let resource = at.object("resource") {
            return .resource(container: resource.text("container") ?? "", resource: resource.text("name") ?? "")
        }
        return at.text("field").map { .field(pointer: $0) }
    }
}

extension PolicyBuilder {
    func behavior(_ object: ParsedObject) -> Behavior {
        var behavior = Behavior()
        if let rules = object.object("scaleUp") { apply(rules, to: &behavior.scaleUp) }
        if let rules = object.object("scaleDown") { apply(rules, to: &behavior.scaleDown) }
        return behavior
    }

    private func apply(_ object: ParsedObject, to rules: inout Behavior.ScalingRules) {
        let seconds = object.integer("stabilizationWindowSeconds").map { Duration.seconds($0) }
        rules.stabilizationWindow = object.duration("stabilizationWindow") ?? seconds ?? rules.stabilizationWindow
        rules.selectPolicy = object.choice("selectPolicy") ?? rules.selectPolicy
        guard let policies = object.list("policies"), !policies.isEmpty else { return }
        rules.policies = policies.compactMap(\.object).compactMap { policy in
            guard let type = policy.choice("type", Behavior.PolicyType.self), let value = policy.integer("value"),
                let period = policy.duration("period") ?? policy.integer("periodSeconds").map({ .seconds($0) })
            else { return nil }
            return Behavior.ScalingPolicy(type: type, value: value, period: period)
        }
    }
}

extension KnobValue {
    var isWhole: Bool {
        if case .integer = self { true } else { false }
    }
}

extension Knob.Domain {
    /// Whether a value is one of the allowed ones.
    func contains(_ value: KnobValue) -> Bool {
        switch self {
        case .values(let values): values.contains(value)
        case .range(let min, let max, let step):
            if case .integer(let number) = value { number >= min && number <= max && (number - min) % step == 0 } else { false }
        }
    }

    var words: String {
        switch self {
        case .values(let values): values.prefix(10).map(\.description).joined(separator: ", ") + (values.count > 10 ? ", ..." : "")
        case .range(let min, let max, let step): "\(min) to \(max)" + (step == 1 ? "" : " in steps of \(step)")
        }
    }
}

extension Knob.Role {
    /// What the usual names of engine settings stand for.
    init(knobName: String) {
        let name = knobName.lowercased().filter { $0 != "-" && $0 != "_" }
        switch name {
        case "replicas": self = .replicas
        case "maxnumseqs", "maxrunningrequests", "maxconcurrentrequests", "parallel", "slots", "concurrency": self = .concurrency
        case "maxnumbatchedtokens", "maxbatchtotaltokens", "chunkedprefillsize", "maxprefilltokens": self = .batchTokens
        case "batchsize", "ubatchsize", "maxbatchsize": self = .batchSize
        case "gpumemoryutilization", "memfractionstatic", "cudamemoryfraction": self = .memoryShare
        case "tensorparallelsize", "tensorparallel", "tpsize": self = .tensorParallel
        case "quantization", "quantize", "kvcachedtype": self = .quantization
        default: self = name.contains("cache") || name.contains("caching") ? .caching : .other
        }
    }
}
