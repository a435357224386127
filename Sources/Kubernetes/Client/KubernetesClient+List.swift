import Documents

extension KubernetesClient {
    /// All pages of a collection.
    ///
    /// Where a page has expired, the rest is taken as it is now and the list says that it is not of one moment.
    /// - Parameter pageSize: How many objects to ask for at a time, at least 1.
    /// - Parameter limit: How many objects to take at most.
    /// - Throws: `KubernetesError` of kind `unreadableAnswer` where there are more objects than `limit`.
    public func list(
        _ path: String, _ selection: ObjectSelection = ObjectSelection(), pageSize: Int = 500, limit: Int = 20_000
    ) async throws(KubernetesError) -> KubernetesList {
        var list = KubernetesList(items: [], resourceVersion: "")
        var token: String?
        var pages = 0
        repeat {
            pages += 1
            guard pages <= Self.pageLimit else {
                throw KubernetesError(.unreadableAnswer, request: "GET \(path)", status: 200, message: "more than \(Self.pageLimit) pages")
            }
            let page: KubernetesAnswer
            do {
                page = try await exchange(pageRequest(path, selection, pageSize, token))
            } catch {
                guard case .gone(let next?) = error.kind, token != nil, next != token else { throw error }
                list.isConsistent = false
                token = next
                continue
            }
            guard case .array(let items)? = page.object["items"] ?? .array([]), page.object.text("kind")?.hasSuffix("List") == true else {
                throw KubernetesError(.unreadableAnswer, request: "GET \(path)", status: 200, message: "the answer is no list")
            }
            list.items += items
            list.warnings += page.warnings.filter { !list.warnings.contains($0) }
            guard list.items.count <= limit else {
                throw KubernetesError(.unreadableAnswer, request: "GET \(path)", status: 200, message: "more than \(limit) objects")
            }
            list.resourceVersion = page.object.text("metadata", "resourceVersion") ?? ""
            let next = page.object.text("metadata", "continue").flatMap { $0.isEmpty ? nil : $0 }
            guard next == nil || next != token else {
                throw KubernetesError(.unreadableAnswer, request: "GET \(path)", status: 200, message: "a page leads to itself")
            }
            token = next
        } while token != nil
        return list
    }

    /// Pages may be short, even empty; they do not go on for ever.
    private static let pageLimit = 1_000

    private func pageRequest(_ path: String, _ selection: ObjectSelection, _ pageSize: Int, _ token: String?) -> OutgoingRequest {
        var query = selection.query + [("limit", "\(max(pageSize, 1))")]
        if let token { query.append(("continue", token)) }
        return OutgoingRequest(method: "GET", path: path, query: query, bodyLimitBytes: settings.listBodyLimitBytes)
    }
}
