import Kubernetes
import Measurements
import Policies

/// Writes the statuses of policy objects where they differ from what was told last, one after the other.
actor StatusTeller {
    private let client: KubernetesClient
    private var told: [String: Told] = [:]
    /// Statuses that were not taken are told again from then on.
    private var postponed: [String: Timestamp] = [:]
    private(set) var isBusy = false
    private static let pauseAfterRefusal = Duration.seconds(10)

    private struct Told {
        var status: PolicyStatus
        var since: [String: (condition: PolicyStatus.Condition, since: Timestamp)]
    }

    struct News: Sendable {
        /// `namespace/name`.
        var name: String
        var status: PolicyStatus
    }

    init(_ client: KubernetesClient) { self.client = client }

    /// - Parameters:
    ///   - news: `nil` where another leads, who writes what it sees.
    ///   - gone: Objects that were deleted; others may bear their names by now.
    func tell(_ news: [News]?, gone: Set<String>, at time: Timestamp) async {
        guard !isBusy else { return }
        isBusy = true
        defer { isBusy = false }
        for name in gone {
            told[name] = nil
            postponed[name] = nil
        }
        guard let news else {
            told = [:]
            return
        }
        for one in news where !Task.isCancelled {
            guard await tell(one, at: time) else { return }
        }
    }

    /// - Returns: Whether the server can be reached; if it cannot, the others need not be tried.
    private func tell(_ news: News, at time: Timestamp) async -> Bool {
        let former = told[news.name]
        guard former?.status != news.status, postponed[news.name].map({ $0 <= time }) ?? true else { return true }
        let parts = news.name.split(separator: "/").map(String.init)
        guard parts.count == 2 else { return true }
        let path = "/apis/llm-devops.io/v1alpha1/namespaces/\(parts[0])/optimizationpolicies/\(parts[1])/status"
        do throws(KubernetesError) {
            _ = try await client.patch(path, .merge, news.status.patch(former: former?.since ?? [:], at: time))
        } catch {
            // The controller's work does not hang on it.
            Terminal.standardError("the status of policy \(news.name) could not be written: \(error); trying again\n")
            postponed[news.name] = time.advanced(by: Self.pauseAfterRefusal)
            return !error.isSilence
        }
        postponed[news.name] = nil
        var since: [String: (condition: PolicyStatus.Condition, since: Timestamp)] = [:]
        for condition in news.status.conditions {
            let before = former?.since[condition.type].flatMap { $0.condition.holds == condition.holds ? $0.since : nil }
            since[condition.type] = (condition, before ?? time)
        }
        told[news.name] = Told(status: news.status, since: since)
        return true
    }
}

extension KubernetesError {
    /// Nothing came back.
    fileprivate var isSilence: Bool {
        switch kind {
        case .unreachable, .outcomeUnknown, .timeout, .cancelled: true
        default: false
        }
    }
}
