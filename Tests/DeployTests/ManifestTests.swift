import Documents
import Foundation
import KubernetesTestSupport
import TestSupport
import Testing

@Suite struct ManifestTests {
    static let folder = Python.checkout.appending(path: "deploy")
    static let files = ["namespace", "crd", "rbac", "storage", "deployment", "service"]

    /// Every object of the base, in the order of the files.
    static func objects() throws -> [DocumentValue] {
        try files.flatMap { file in
            try YAMLDocument.parseAll(try String(contentsOf: folder.appending(path: "base/\(file).yaml"), encoding: .utf8)).map(\.value)
        }
    }

    static func object(_ kind: String) throws -> DocumentValue { try #require(try objects().first { $0.text("kind") == kind }) }

    @Test(
        "kustomize brings every object, all of them in the controller's namespace or in none",
        .enabled(if: Kubectl.isPresent, "needs kubectl"))
    func kustomize() throws {
        let rendered = try YAMLDocument.parseAll(try Kubectl.kustomize(Self.folder.path)).map(\.value)
        let titles = { (objects: [DocumentValue]) in
            objects.map { "\($0.text("kind") ?? "") \($0.text("metadata", "name") ?? "")" }.sorted()
        }
        #expect(titles(rendered) == titles(try Self.objects()))
        for object in rendered {
            let kind = object.text("kind") ?? ""
            let isGlobal = ["Namespace", "CustomResourceDefinition", "ClusterRole", "ClusterRoleBinding"].contains(kind)
            #expect(object.text("metadata", "namespace") == (isGlobal ? nil : "llm-auto-optimizer"), "\(kind)")
        }
        let definition = try #require(rendered.first { $0.text("kind") == "CustomResourceDefinition" })
        #expect(
            definition["spec"]?.sortedLikeKustomize == (try Self.object("CustomResourceDefinition"))["spec"]?.sortedLikeKustomize,
            "nothing of the schema is lost")
    }

    @Test("kubectl takes every object in a dry run of its own", .enabled(if: Kubectl.isPresent, "needs kubectl"))
    func clientDryRun() throws {
        let cluster = FakeCluster()
        cluster.admitTokenless(.administrator)
        let rbac = "rbac.authorization.k8s.io"
        let kinds: [(group: String, plural: String, kind: String, isNamespaced: Bool)] = [
            ("", "serviceaccounts", "ServiceAccount", true), ("", "services", "Service", true),
            ("", "persistentvolumeclaims", "PersistentVolumeClaim", true), (rbac, "roles", "Role", true),
            (rbac, "rolebindings", "RoleBinding", true), (rbac, "clusterroles", "ClusterRole", false),
            (rbac, "clusterrolebindings", "ClusterRoleBinding", false),
        ]
        for (group, plural, kind, isNamespaced) in kinds {
            cluster.register(ResourceType(group: group, version: "v1", plural: plural, kind: kind, isNamespaced: isNamespaced))
        }
        let server = try FakeAPIServer(cluster)
        defer { server.stop() }
        let said = try Kubectl.clientDryRun(Self.folder.path, server: server.url)
        let lines = said.split(separator: "\n")
        #expect(lines.count == (try Self.objects()).count && lines.allSatisfy { $0.hasSuffix(" created (dry run)") }, "\(said)")
        #expect(cluster.requests.allSatisfy { $0.method == "GET" }, "nothing was written")
    }

    @Test("the files of the kustomization are those of the folder")
    func complete() throws {
        let text = try String(contentsOf: Self.folder.appending(path: "base/kustomization.yaml"), encoding: .utf8)
        let listed = try #require(try YAMLDocument.parseAll(text).first).value["resources"]?.elements.compactMap(\.text) ?? []
        let found = try FileManager.default.contentsOfDirectory(atPath: Self.folder.appending(path: "base").path)
        #expect(listed == Self.files.map { $0 + ".yaml" })
        #expect(Set(found) == Set(listed + ["kustomization.yaml"]))
    }

    /// Everything that is allowed: what the controller asks of the API server, and no more.
    static let allowed: Set<String> = [
        "apps/deployments: get list patch watch", "apps/statefulsets: get list patch watch", "apps/deployments/scale: get patch",
        "apps/statefulsets/scale: get patch", "/configmaps: get patch", "/pods: list", "autoscaling/horizontalpodautoscalers: list",
        "keda.sh/scaledobjects: list", "autoscaling.k8s.io/verticalpodautoscalers: list", "events.k8s.io/events: create patch",
        "/events: create patch", "llm-devops.io/optimizationpolicies: get list watch", "llm-devops.io/optimizationpolicies/status: patch",
        "authorization.k8s.io/selfsubjectaccessreviews: create",
    ]

    static func grants(_ role: DocumentValue) -> [String] {
        (role["rules"]?.elements ?? []).flatMap { rule in
            (rule["apiGroups"]?.elements ?? []).flatMap { group in
                (rule["resources"]?.elements ?? []).map { resource in
                    let verbs = (rule["verbs"]?.elements ?? []).compactMap(\.text).sorted().joined(separator: " ")
                    let names = rule["resourceNames"].map { " of " + $0.elements.compactMap(\.text).joined(separator: ",") } ?? ""
                    return "\(group.text ?? "?")/\(resource.text ?? "?"): \(verbs)\(names)"
                }
            }
        }
    }

    @Test("the controller may do what it needs, no secret is among it, and nothing is granted by a wildcard")
    func rights() throws {
        let cluster = Self.grants(try Self.object("ClusterRole"))
        #expect(Set(cluster) == Self.allowed && cluster.count == Self.allowed.count)
        #expect(
            Self.grants(try Self.object("Role")) == [
                "coordination.k8s.io/leases: create", "coordination.k8s.io/leases: get patch update of llm-auto-optimizer",
            ])
        let all = cluster + Self.grants(try Self.object("Role"))
        #expect(all.allSatisfy { !$0.contains("*") && !$0.contains("secrets") && !$0.contains("delete") })
    }

    @Test("canaries have rights of their own, which nobody has before they are bound where targets are")
    func canaryRights() throws {
        let text = try String(contentsOf: Self.folder.appending(path: "canary/rbac.yaml"), encoding: .utf8)
        let objects = try YAMLDocument.parseAll(text).map(\.value)
        #expect(objects.map { $0.text("kind") } == ["ClusterRole"])
        #expect(Self.grants(try #require(objects.first)) == ["apps/deployments: create delete", "policy/poddisruptionbudgets: list"])
    }

    @Test("the canary component adds its role and nothing else", .enabled(if: Kubectl.isPresent, "needs kubectl"))
    func canaryComponent() throws {
        let folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath().appending(path: "canary-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // The system clears it too.
        let up = String(repeating: "../", count: folder.pathComponents.count - 1) + Self.folder.resolvingSymlinksInPath().path.dropFirst()
        let text = "resources: [\(up)/base]\ncomponents: [\(up)/canary]\n"
        try text.write(to: folder.appending(path: "kustomization.yaml"), atomically: true, encoding: .utf8)
        let rendered = try YAMLDocument.parseAll(try Kubectl.kustomize(folder.path)).map(\.value)
        #expect(rendered.count == (try Self.objects()).count + 1)
        #expect(rendered.contains { $0.text("metadata", "name") == "llm-auto-optimizer-canary" })
    }

    @Test("roles are bound to the account the pod runs as")
    func bindings() throws {
        let account = try Self.object("ServiceAccount").text("metadata", "name")
        #expect(try Self.object("Deployment").text("spec", "template", "spec", "serviceAccountName") == account)
        for kind in ["ClusterRole", "Role"] {
            let binding = try Self.object(kind + "Binding")
            #expect(binding.text("roleRef", "kind") == kind)
            #expect(binding.text("roleRef", "name") == (try Self.object(kind)).text("metadata", "name"))
            #expect(binding["subjects"]?.elements.first?.text("name") == account)
            #expect(binding["subjects"]?.elements.first?.text("namespace") == (try Self.object("Namespace")).text("metadata", "name"))
        }
    }

    @Test("the pod meets the restricted Pod Security Standard and writes to its volumes only")
    func hardened() throws {
        let pod = try #require(try Self.object("Deployment")["spec"]?["template"]?["spec"])
        #expect(pod["securityContext"]?["runAsNonRoot"]?.boolean == true && (pod.integer("securityContext", "runAsUser") ?? 0) > 0)
        #expect(pod.text("securityContext", "seccompProfile", "type") == "RuntimeDefault")
        let container = try #require(pod["containers"]?.elements.first)
        let context = try #require(container["securityContext"])
        #expect(context["allowPrivilegeEscalation"]?.boolean == false && context["readOnlyRootFilesystem"]?.boolean == true)
        #expect(context["capabilities"]?["drop"]?.elements == [.string("ALL")] && context["capabilities"]?["add"] == nil)
        #expect(pod["hostNetwork"] == nil && pod["hostPID"] == nil && (pod["containers"]?.elements.count) == 1)
        let volumes = Set((pod["volumes"]?.elements ?? []).compactMap { $0.text("name") })
        #expect(Set((container["volumeMounts"]?.elements ?? []).compactMap { $0.text("name") }) == volumes)
    }

    @Test("one writer of the store at a time, on a volume that the store is on, and ports that meet")
    func wiring() throws {
        let deployment = try Self.object("Deployment")
        #expect(deployment.integer("spec", "replicas") == 1 && deployment.text("spec", "strategy", "type") == "Recreate")
        let pod = try #require(deployment["spec"]?["template"])
        let container = try #require(pod["spec"]?["containers"]?.elements.first)
        let arguments = (container["args"]?.elements ?? []).compactMap(\.text)
        let store = try #require(arguments.firstIndex(of: "--store").map { arguments[$0 + 1] })
        let mount = try #require((container["volumeMounts"]?.elements ?? []).first { $0.text("name") == "store" }?.text("mountPath"))
        #expect(store.hasPrefix(mount + "/"))
        let claim = pod["spec"]?["volumes"]?.elements.first { $0.text("name") == "store" }?.text("persistentVolumeClaim", "claimName")
        #expect(claim == (try Self.object("PersistentVolumeClaim")).text("metadata", "name"))
        let labels = pod["metadata"]?["labels"]
        #expect(deployment["spec"]?["selector"]?["matchLabels"] == labels)
        let service = try Self.object("Service")
        #expect(service["spec"]?["selector"] == labels)
        let port = container["ports"]?.elements.first
        #expect(service["spec"]?["ports"]?.elements.first?.text("targetPort") == port?.text("name"))
        for (probe, path) in [("startupProbe", "/healthz"), ("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")] {
            #expect(container.text(probe, "httpGet", "path") == path && container.text(probe, "httpGet", "port") == port?.text("name"))
        }
        let image = try String(contentsOf: Self.folder.appending(path: "Containerfile"), encoding: .utf8)
        #expect(
            image.contains("USER \(pod.integer("spec", "securityContext", "runAsUser") ?? 0):"), "the image and the pod run as one user")
        #expect(image.contains(arguments.map { "\"\($0)\"" }.joined(separator: ", ")), "the image and the pod start the same")
    }
}

extension DocumentValue {
    /// kustomize writes members in the order of their names.
    fileprivate var sortedLikeKustomize: DocumentValue {
        switch self {
        case .object(let members):
            .object(members.map { Member(key: $0.key, value: $0.value.sortedLikeKustomize) }.sorted { $0.key < $1.key })
        case .array(let elements): .array(elements.map(\.sortedLikeKustomize))
        // 1e+15 and 1000000000000000 are one number.
        case .integer(let number): .double(Double(number))
        default: self
        }
    }
}

/// kubectl, where it is installed. Its `apply --dry-run=client` asks an API server what kinds there are and which objects are there already.
private enum Kubectl {
    static let isPresent = (try? run(["version", "--client"])) != nil  // Absent and broken are one here: the test is skipped and says so.

    static func kustomize(_ folder: String) throws -> String { try run(["kustomize", folder]) }

    /// Without the server's schemas, which a fake has not.
    static func clientDryRun(_ folder: String, server: String) throws -> String {
        try run([
            "--server", server, "--kubeconfig", "/dev/null", "--cache-dir", "/dev/null", "apply", "--dry-run=client", "--validate=false",
            "-k", folder,
        ])
    }

    private static func run(_ arguments: [String]) throws -> String {
        let words = (["kubectl"] + arguments).map { "'\($0)'" }.joined(separator: ", ")
        let script =
            "import subprocess, sys; sys.stdout.write(subprocess.run([\(words)], check=True, capture_output=True, text=True).stdout)"
        return String(decoding: try Python.run(script), as: UTF8.self)
    }
}
