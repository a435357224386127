import Control

extension AdjusterError {
    /// Sorts an error of the API server by what the controller can do about it.
    init(_ error: KubernetesError, on title: String) {
        let text = error.description
        if error.mayHaveBeenCarriedOut {
            self = .outcomeUnknown(text)
            return
        }
        switch error.kind {
        case .conflict, .testFailed: self = .conflict(text)
        case .notFound: self = .gone("\(title) is not there: \(text)")
        case .unauthorized, .forbidden, .invalid, .badRequest, .unsafe, .alreadyExists, .fieldManagerConflict: self = .refused(text)
        case .serverError(let retryable): self = retryable ? .unreachable(text) : .refused(text)
        case .outcomeUnknown: self = .outcomeUnknown(text)
        case .timeout(let outcomeUnknown): self = outcomeUnknown ? .outcomeUnknown(text) : .unreachable(text)
        case .tooManyRequests, .unreachable, .credentials, .gone, .unreadableAnswer, .cancelled: self = .unreachable(text)
        }
    }
}
