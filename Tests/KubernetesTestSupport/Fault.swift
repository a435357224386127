/// Something that goes wrong with a request, on demand.
public struct Fault: Sendable {
    public enum Effect: Sendable, Hashable {
        /// 401 as for an unknown token.
        case unauthorized
        /// 403 by access rules.
        case forbidden
        /// 403 because a quota is used up.
        case quotaExceeded
        /// 422 by an admission policy, with its words.
        case admissionDenied(String)
        /// 429 in plain text, as priority and fairness answers.
        case tooManyRequests(retryAfterSeconds: Int)
        /// 500 with reason InternalError, as a webhook that cannot be reached.
        case internalError
        /// 504 after the request was carried out, or before.
        case gatewayTimeout(applied: Bool)
        /// No answer until ``FakeCluster/releaseStalled()``; then it is carried out (which is late), or the connection is cut.
        case stall(processOnRelease: Bool)
        /// The connection is cut before the request is carried out.
        case cutBeforeProcessing
        /// The request is carried out, and the connection is cut before the answer.
        case answerLost
        /// The request is carried out, and the connection is cut in the middle of the answer.
        case cutInAnswer
    }

    /// Which requests it strikes; what is `nil` holds for all.
    public struct Match: Sendable {
        /// "get", "list", "watch", "create", "update", "patch", "delete"
        public var verb: String?
        public var plural: String?
        public var subresource: String?
        public var name: String?
        public var user: String?
        /// Whether only requests that write are struck.
        public var onlyWrites: Bool
        /// The number of the request since the cluster started, from 1.
        public var number: Int?
        /// The number of the first request, from 1.
        public var from: Int?

        public init(
            verb: String? = nil, plural: String? = nil, subresource: String? = nil, name: String? = nil, user: String? = nil,
            onlyWrites: Bool = false, number: Int? = nil, from: Int? = nil
        ) {
            self.verb = verb
            self.plural = plural
            self.subresource = subresource
            self.name = name
            self.user = user
            self.onlyWrites = onlyWrites
            self.number = number
            self.from = from
        }

        func strikes(_ target: RequestTarget?, user: FakeUser, number: Int) -> Bool {
            func agrees(_ wanted: String?, _ found: String?) -> Bool { wanted == nil || wanted == found }
            return agrees(verb, target?.verb.rawValue) && agrees(plural, target?.type.plural) && agrees(subresource, target?.subresource)
                && agrees(name, target?.name) && agrees(self.user, user.name) && (!onlyWrites || target?.isWrite == true)
                && (self.number == nil || self.number == number) && number >= (from ?? 0)
        }
    }

    public var effect: Effect
    public var match: Match
    /// How many requests it still strikes.
    public var times: Int

    public init(_ effect: Effect, match: Match = Match(), times: Int = 1) {
        self.effect = effect
        self.match = match
        self.times = times
    }
}

extension Fault.Effect {
    /// What is answered in place of carrying the request out; `nil` where it is carried out or the connection suffers.
    func failure(_ target: RequestTarget?, _ user: FakeUser, bodyName: String?) -> APIFailure? {
        let type = target?.type ?? .configMaps
        let name = target?.name ?? bodyName
        switch self {
        case .unauthorized: return .unauthorized
        case .forbidden:
            return target.map { APIFailure.forbidden($0, user) }
                ?? APIFailure(code: 403, reason: "Forbidden", message: "forbidden", details: [:])
        case .quotaExceeded:
            let counted = "count/\(type.qualifiedPlural)"
            return .forbidden(
                type, name, because: "exceeded quota: q, requested: \(counted)=1, used: \(counted)=9, limited: \(counted)=1")
        case .admissionDenied(let words):
            var failure = APIFailure.forbidden(type, name, because: words, causes: [["message": .string(words)]])
            failure.code = 422
            failure.reason = "Invalid"
            return failure
        case .tooManyRequests(let seconds):
            return APIFailure(
                code: 429, message: "", headers: [.init("Retry-After", "\(seconds)")],
                plainText: "Too many requests, please try again later.\n")
        case .internalError:
            let cause =
                "failed calling webhook \"hook.example.test\": failed to call webhook: Post \"https://127.0.0.1:9443/?timeout=1s\": context deadline exceeded"
            return APIFailure(
                code: 500, reason: "InternalError", message: "Internal error occurred: " + cause,
                details: ["causes": [["message": .string(cause)]]])
        case .gatewayTimeout:
            let status: JSONValue = [
                "metadata": [:], "status": "Failure", "message": "Timeout: request did not complete within the allotted timeout",
                "reason": "Timeout", "details": [:], "code": 504,
            ]
            return APIFailure(code: 504, message: "", plainText: status.json + "\n")
        case .stall, .cutBeforeProcessing, .answerLost, .cutInAnswer: return nil
        }
    }
}

extension APIFailure {
    static func forbidden(_ target: RequestTarget, _ user: FakeUser, verb: String? = nil) -> APIFailure {
        let place = target.namespace.map { "in the namespace \"\($0)\"" } ?? "at the cluster scope"
        return .forbidden(
            target.type, target.name,
            because: "User \"\(user.name)\" cannot \(verb ?? target.verb.rawValue) resource \"\(target.resource)\" in API group "
                + "\"\(target.type.group)\" \(place)")
    }
}
