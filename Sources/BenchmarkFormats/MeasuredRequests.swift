import Measurements

/// A request of a run and the stage it belongs to.
struct MeasuredRequest {
    let stage: BenchmarkStage
    let record: RequestRecord
}

extension BenchmarkRun {
    /// The requests that figures are made of, stage by stage. Those of the warm-up and those the client broke off when the run ended are
    /// no results: they are counted and nothing else.
    var measuredRequests: some Sequence<MeasuredRequest> { stages.lazy.flatMap(\.measuredRequests) }
}

extension BenchmarkStage {
    var measuredRequests: some Sequence<MeasuredRequest> {
        records.lazy.filter(\.isMeasured).map { MeasuredRequest(stage: self, record: $0) }
    }

    /// Records that figures are made of.
    var measuredRecords: [RequestRecord] { records.filter(\.isMeasured) }
}

extension RequestRecord {
    var isMeasured: Bool { !isWarmUp && !isCancelled }

    /// Broken off by the client, not by the server: neither a success nor a failure.
    var isCancelled: Bool { measurement.error?.type == "cancelled" }

    /// From the moment the request was handed to the socket.
    func sinceSent(_ moment: Nanoseconds?) -> Nanoseconds? {
        guard let moment, let sent = moments.sent else { return nil }
        return moment - sent
    }

    /// Output tokens per second of the whole request as sent; `nil` where it failed or either is not known.
    var tokensPerSecond: Double? {
        guard measurement.succeeded, let tokens = measurement.outputTokens, let length = measurement.endToEnd, length.count > 0 else {
            return nil
        }
        return Double(tokens) / length.seconds
    }
}

/// The sum, or the largest number: what a server says of its tokens is not trusted to fit.
func saturatingSum(_ counts: [Int]) -> Int {
    counts.reduce(0) { sum, count in
        let (result, overflow) = sum.addingReportingOverflow(count)
        return overflow ? .max : result
    }
}

/// Sequences one after the other, each walked over only when its turn comes.
func inOrder<Element>(_ sequences: AnySequence<Element>...) -> some Sequence<Element> { sequences.lazy.flatMap(\.self) }
