import Control
import Documents
import FoundationEssentials
import Learning
import Policies

/// Finds out, without changing anything, whether a target's knobs can be changed, and says what to do where they cannot.
public struct KubernetesDoctor: Sendable {
    private let adjuster: KubernetesAdjuster
    private var client: KubernetesClient { adjuster.client }

    public init(_ adjuster: KubernetesAdjuster) { self.adjuster = adjuster }

    /// One thing that was looked at.
    public struct Check: Sendable, Hashable {
        /// What was looked at, e.g. `right to patch deployments/scale` or `dry run of replicas`.
        public var name: String
        public var outcome: Outcome
        public var explanation: String
        /// What to do; `nil` where nothing is to be done.
        public var cure: String?

        public init(_ name: String, _ outcome: Outcome, _ explanation: String, cure: String? = nil) {
            self.name = name
            self.outcome = outcome
            self.explanation = explanation
            self.cure = cure
        }

        public enum Outcome: String, Sendable, Hashable, CaseIterable {
            case ok, warning, failed
        }
    }

    /// Looks at everything; what depends on something that failed is left out.
    public func examine() async -> [Check] {
        let api = await apiServer()
        guard api.outcome != .failed else { return [api] }
        var checks = [api] + (await rights())
        let live: LiveTarget
        do throws(AdjusterError) {
            live = try await adjuster.read(adjuster.knobs)
            checks.append(Check("target", .ok, "\(live.object.objectTitle) is there, UID \(live.identity ?? "none")"))
        } catch {
            return checks + [
                Check("target", .failed, error.explanation, cure: "Check the target's name, kind and namespace in the policy.")
            ]
        }
        checks += adjuster.knobs.map { value(of: $0, live) }
        for knob in adjuster.knobs { checks += await rehearsal(of: knob, live) }
        checks += await owners(live)
        if let canary = await canary(live) { checks.append(canary) }
        checks.append(await rollout(live))
        return checks
    }

    private func apiServer() async -> Check {
        do throws(KubernetesError) {
            let version = try await client.get("/version").object.foreignText("gitVersion")
            return Check("API server", .ok, "answers, version \(version.isEmpty ? "unknown" : version)")
        } catch {
            return Check("API server", .failed, "\(error)", cure: "Check the address of the API server, the network and the credentials.")
        }
    }

    // MARK: Knobs

    private func value(of knob: Knob, _ live: LiveTarget) -> Check {
        let name = "value of \(knob.name)"
        guard let state = live.inForce(knob) else {
            let cure =
                live.holder(of: knob) == nil
                ? "Create the ConfigMap, or correct its name in the policy."
                : "Set it on the target, or give the knob a default in the policy."
            return Check(name, .failed, "\(live.object.objectTitle) does not say what \(knob.name) is", cure: cure)
        }
        guard state.origin == .live else { return Check(name, .ok, "\(state.value) by the policy's default: the target does not say") }
        return Check(name, .ok, "\(state.value)")
    }

    private func rehearsal(of knob: Knob, _ live: LiveTarget) async -> [Check] {
        guard let value = live.inForce(knob)?.value else { return [] }
        let name = "dry run of \(knob.name)"
        let neighbours = knob.neighbours(of: value).compactMap { try? $0.outcome.get() }  // A knob at its limit has fewer.
        guard let candidate = neighbours.last else {
            return [
                Check(name, .warning, "\(value) has no neighbour among the allowed values", cure: "Widen the knob's bounds in the policy.")
            ]
        }
        let order = ChangeOrder(
            adjustment: UUID(), policy: "doctor", direction: .forward, knob: knob, from: value, to: candidate.to, identity: live.identity,
            fence: FencingToken(rawValue: 0))
        do throws(AdjusterError) {
            if knob.restartsPods, let why = live.holdsPodsBack { throw .refused(why) }
            let writes = try AdjustmentPlan(order: order, live: live, writer: adjuster.writer).writes()
            for patch in writes { try await adjuster.rehearse(patch) }
            return [Check(name, .ok, "the API server takes \(value) → \(candidate.to)")]
        } catch .conflict(let why) {
            return [Check(name, .warning, why, cure: "Somebody wrote at the same time; ask again.")]
        } catch {
            return [Check(name, .failed, error.explanation, cure: "Cure what the API server says, or take the knob out of the policy.")]
        }
    }

    // MARK: Others

    private func owners(_ live: LiveTarget) async -> [Check] {
        let found: ForeignOwners
        do throws(AdjusterError) {
            found = try await adjuster.foreignOwners()
        } catch {
            return [Check("other controllers", .failed, error.explanation, cure: "Grant the rights to list autoscalers.")]
        }
        return adjuster.knobs.map { knob in
            let name = "other controllers of \(knob.name)"
            if let owner = found.owner(of: knob) {
                return Check(
                    name, .failed, "\(owner) sets \(knob.name) too",
                    cure: "Delete \(owner), or make it the policy's target and tune its bounds instead.")
            }
            let fields = live.holder(of: knob).map(FieldOwners.init)
            guard let tool = knob.place.managedPaths.lazy.compactMap({ fields?.reverter(of: $0) }).first else {
                return Check(name, .ok, "nobody else sets it")
            }
            return Check(
                name, .warning, "'\(tool)' applies this field, so a change of it will be reverted",
                cure: "Take the field out of what '\(tool)' applies, or let it ignore differences there.")
        }
    }

    /// Whether changes could be tried in a canary first. Where they cannot, they are judged over time, which is nothing to cure.
    private func canary(_ live: LiveTarget) async -> Check? {
        guard let knob = adjuster.knobs.first(where: \.restartsPods), let value = live.inForce(knob)?.value,
            let candidate = knob.neighbours(of: value).compactMap({ try? $0.outcome.get() }).last  // One at its limit has fewer.
        else { return nil }
        let replicas = Int(clamping: live.object.integer("spec", "replicas") ?? 1)
        let change = ChangeOrder(
            adjustment: UUID(), policy: "doctor", direction: .forward, knob: knob, from: value, to: candidate.to, identity: live.identity,
            fence: .unfenced)
        let order = CanaryOrder(change: change, podsPerGroup: CanaryOrder.podsPerGroup(of: replicas) ?? 1)
        do throws(AdjusterError) {
            try await KubernetesCanary(adjuster).rehearse(order)
            return Check("canary of \(knob.name)", .ok, "possible, with two groups of \(order.podsPerGroup) of the \(replicas) replicas")
        } catch {
            return Check("canary of \(knob.name)", .ok, "not possible, so changes are judged over time: \(error.explanation)")
        }
    }

    private func rollout(_ live: LiveTarget) async -> Check {
        do throws(AdjusterError) {
            switch RolloutAssessment(live.object, pods: try await adjuster.pods(of: live)).rollout {
            case .settled: return Check("rollout", .ok, "everything runs with the settings in force")
            case .progressing(let why): return Check("rollout", .warning, why, cure: "Wait until it is done.")
            case .waitingForRoom(let why): return Check("rollout", .warning, why, cure: "Add nodes or quota, or ask for less.")
            case .failed(let why):
                return Check("rollout", .failed, why, cure: "Cure the pods first; no change is begun on a failing target.")
            }
        } catch {
            return Check("rollout", .failed, error.explanation, cure: "Grant the right to list pods.")
        }
    }

    // MARK: Rights

    private func rights() async -> [Check] {
        var checks: [Check] = []
        for question in adjuster.neededRights { checks.append(await right(question)) }
        return checks
    }

    private func right(_ question: AccessQuestion) async -> Check {
        let name = "right to \(question.verb) \(question.title)"
        do throws(KubernetesError) {
            let review = try await client.selfSubjectAccessReview(question)
            if review.isAllowed { return Check(name, .ok, "granted") }
            if await isNeedless(question) { return Check(name, .ok, "not needed: the cluster has no group \(question.group)") }
            return Check(
                name, .failed, "not granted\(review.reason.isEmpty ? "" : ": \(review.reason)")",
                cure: "Add to a Role in namespace \(question.namespace): \(question.rule)")
        } catch {
            return Check(name, .failed, "\(error)", cure: "Check the credentials; everybody may ask for their own rights.")
        }
    }

    /// Whether a right is about objects that the cluster does not have.
    private func isNeedless(_ question: AccessQuestion) async -> Bool {
        guard ["keda.sh", "autoscaling.k8s.io"].contains(question.group) else { return false }
        do throws(AdjusterError) {
            return try await !adjuster.isServed(question.group)
        } catch {
            return false  // Where it cannot be told, the right is asked for.
        }
    }
}

extension KubernetesAdjuster {
    /// The rights that observing and changing the target take.
    public var neededRights: [AccessQuestion] {
        func ask(_ verb: String, _ group: String, _ resource: String, _ subresource: String = "", name: String = "") -> AccessQuestion {
            AccessQuestion(
                verb: verb, group: group, resource: resource, subresource: subresource, namespace: target.namespace, name: name)
        }
        let own = ["get", "patch"].map { ask($0, target.group, target.plural, name: target.name) }
        let scale =
            knobs.contains { $0.place == .replicas }
            ? ["get", "patch"].map { ask($0, target.group, target.plural, "scale", name: target.name) } : []
        let maps = configMapPaths(of: knobs).flatMap { map in ["get", "patch"].map { ask($0, "", "configmaps", name: map.name) } }
        let pods = target.kind == "HorizontalPodAutoscaler" ? [] : [ask("list", "", "pods")]
        return own + scale + maps + pods + [
            ask("list", "autoscaling", "horizontalpodautoscalers"), ask("list", "keda.sh", "scaledobjects"),
            ask("list", "autoscaling.k8s.io", "verticalpodautoscalers"),
        ]
    }
}

extension AccessQuestion {
    /// `deployments/scale`
    fileprivate var path: String { subresource.isEmpty ? resource : "\(resource)/\(subresource)" }
    fileprivate var title: String { name.isEmpty ? path : "\(path) \(name)" }

    /// As an entry of a Role's `rules`.
    fileprivate var rule: String {
        let names = name.isEmpty ? "" : ", resourceNames: [\(name)]"
        return "{apiGroups: [\"\(group)\"], resources: [\(path)]\(names), verbs: [\(verb)]}"
    }
}
