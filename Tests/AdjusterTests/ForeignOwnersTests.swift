import Documents
import Policies
import Testing

@testable import Kubernetes

@Suite("Who else sets a knob")
struct ForeignOwnersTests {
    static let target = Policy.KubernetesTarget(namespace: "llm", apiVersion: "apps/v1", kind: "Deployment", name: "chat-8b")

    static func knob(_ place: Knob.Place) -> Knob { Knob(name: "k", domain: .range(min: 1, max: 8, step: 1), place: place, role: .other) }

    static func owner(
        of place: Knob.Place, target: Policy.KubernetesTarget = target, hpas: [String] = [], scaledObjects: [String] = [],
        vpas: [String] = []
    ) throws -> String? {
        func read(_ texts: [String]) throws -> [DocumentValue] { try texts.map { try YAMLDocument.parseAll($0)[0].value } }
        return ForeignOwners(
            of: target, autoscalers: try read(hpas), scaledObjects: try read(scaledObjects), verticalAutoscalers: try read(vpas)
        ).owner(of: knob(place))
    }

    static func hpa(_ reference: String = "{apiVersion: apps/v1, kind: Deployment, name: chat-8b}", owner: String = "") -> String {
        "{metadata: {namespace: llm, name: auto\(owner.isEmpty ? "" : ", ownerReferences: [\(owner)]")}, spec: {scaleTargetRef: \(reference)}}"
    }

    @Test("an autoscaler of the target owns its replicas and nothing else")
    func replicas() throws {
        #expect(try Self.owner(of: .replicas, hpas: [Self.hpa()]) == "HorizontalPodAutoscaler llm/auto")
        #expect(try Self.owner(of: .field(pointer: "/spec/replicas"), hpas: [Self.hpa()]) == "HorizontalPodAutoscaler llm/auto")
        #expect(try Self.owner(of: .environment(container: "vllm", name: "A"), hpas: [Self.hpa()]) == nil)
    }

    @Test(
        "an autoscaler of something else owns nothing",
        arguments: [
            "{apiVersion: apps/v1, kind: Deployment, name: other}", "{apiVersion: apps/v1, kind: StatefulSet, name: chat-8b}",
            "{apiVersion: serving.kserve.io/v1, kind: Deployment, name: chat-8b}", "{}",
        ])
    func others(reference: String) throws {
        #expect(try Self.owner(of: .replicas, hpas: [Self.hpa(reference)]) == nil)
    }

    @Test("versions of one group are one kind")
    func versions() throws {
        #expect(try Self.owner(of: .replicas, hpas: [Self.hpa("{apiVersion: apps/v1beta2, kind: Deployment, name: chat-8b}")]) != nil)
    }

    @Test("KEDA is named, and its own autoscaler is not counted beside it")
    func keda() throws {
        let object = "{metadata: {namespace: llm, name: by-queue}, spec: {scaleTargetRef: {name: chat-8b}}}"
        let own = Self.hpa(owner: "{kind: ScaledObject, name: by-queue}")
        #expect(try Self.owner(of: .replicas, hpas: [own], scaledObjects: [object]) == "ScaledObject llm/by-queue")
        #expect(try Self.owner(of: .replicas, hpas: [own], scaledObjects: []) == nil)
    }

    @Test(
        "a vertical autoscaler owns cpu and memory where it acts",
        arguments: [
            ("{}", "cpu", true), ("{}", "nvidia.com/gpu", false), ("{updatePolicy: {updateMode: \"Off\"}}", "cpu", false),
            ("{updatePolicy: {updateMode: Initial}}", "memory", true),
            ("{resourcePolicy: {containerPolicies: [{containerName: vllm, mode: \"Off\"}]}}", "cpu", false),
            ("{resourcePolicy: {containerPolicies: [{containerName: \"*\", mode: \"Off\"}, {containerName: vllm}]}}", "cpu", true),
            ("{resourcePolicy: {containerPolicies: [{containerName: vllm, controlledResources: [memory]}]}}", "cpu", false),
        ])
    func vertical(spec: String, resource: String, isOwned: Bool) throws {
        let members = String(spec.dropFirst().dropLast())
        let reference = "targetRef: {apiVersion: apps/v1, kind: Deployment, name: chat-8b}"
        let vpa = "{metadata: {namespace: llm, name: v}, spec: {\(members.isEmpty ? reference : reference + ", " + members)}}"
        let owner = try Self.owner(of: .resource(container: "vllm", resource: resource), vpas: [vpa])
        #expect(owner == (isOwned ? "VerticalPodAutoscaler llm/v" : nil))
    }

    @Test("whoever tunes an autoscaler's bounds is told when KEDA made it")
    func autoscalerAsTarget() throws {
        let target = Policy.KubernetesTarget(
            namespace: "llm", apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler", name: "auto")
        let bound = Knob.Place.field(pointer: "/spec/maxReplicas")
        #expect(try Self.owner(of: bound, target: target, hpas: [Self.hpa()]) == nil)
        let made = Self.hpa(owner: "{kind: ScaledObject, name: by-queue}")
        #expect(try Self.owner(of: bound, target: target, hpas: [made]) == "ScaledObject llm/by-queue")
    }

    @Test("a tool that keeps the cluster like a repository is found by the fields it manages")
    func repositories() throws {
        let object = try YAMLDocument.parseAll(
            """
            {metadata: {managedFields: [
              {manager: llm-auto-optimizer, operation: Apply, fieldsV1: {"f:spec": {"f:paused": {}}}},
              {manager: kubectl-client-side-apply, operation: Update, fieldsV1: {"f:spec": {"f:replicas": {}}}},
              {manager: argocd-controller, operation: Apply, fieldsV1: {"f:spec": {"f:template": {"f:spec": {"f:containers": {
                'k:{"name":"vllm"}': {"f:args": {}, "f:env": {'k:{"name":"A"}': {".": {}, "f:value": {}}}}}}}}}},
              {manager: helm, operation: Update, fieldsV1: {"f:spec": {"f:template": {"f:spec": {"f:containers": {
                'k:{"name":"vllm"}': {"f:resources": {"f:limits": {"f:cpu": {}}}}}}}}}}]}}
            """)[0].value
        func reverter(_ place: Knob.Place) -> String? {
            place.managedPaths.lazy.compactMap { FieldOwners(object).reverter(of: $0) }.first
        }
        #expect(reverter(.replicas) == nil)
        #expect(reverter(.containerArgument(container: "vllm", flag: "--a")) == "argocd-controller")
        #expect(reverter(.environment(container: "vllm", name: "A")) == "argocd-controller")
        #expect(reverter(.environment(container: "vllm", name: "B")) == nil)
        #expect(reverter(.containerArgument(container: "proxy", flag: "--a")) == nil)
        #expect(reverter(.resource(container: "vllm", resource: "cpu")) == "helm")
        #expect(reverter(.field(pointer: "/spec/paused")) == nil)
    }
}
