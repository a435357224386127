import Foundation
import Synchronization
import Telemetry
import TestSupport
import Transport

/// A server that answers instant queries as a test tells it.
final class Prometheus: Sendable {
    let loopback: LoopbackServer
    private let shared: Shared

    private final class Shared: Sendable {
        let counters = Mutex("")
        let status = Mutex(200)
    }

    /// What the query for all counters gives: series as JSON.
    var counters: String {
        get { shared.counters.withLock { $0 } }
        set { shared.counters.withLock { $0 = newValue } }
    }

    /// Of every answer.
    var status: Int {
        get { shared.status.withLock { $0 } }
        set { shared.status.withLock { $0 = newValue } }
    }

    /// - Parameter value: Of a query, as Prometheus writes it; `nil` where nothing matches.
    init(_ value: @escaping @Sendable (_ query: String) -> String?) throws {
        let shared = Shared()
        self.shared = shared
        loopback = try LoopbackServer { request, writer in
            let form = request.text.split(separator: "&").first { $0.hasPrefix("query=") }?.dropFirst(6)
            let query = String(form ?? "").removingPercentEncoding ?? ""
            let status = shared.status.withLock { $0 }
            guard request.method == "POST", request.path == "/api/v1/query", status == 200 else {
                return try writer.answer(status == 200 ? 404 : status, #"{"status":"error","errorType":"x","error":"no"}"#)
            }
            let series =
                query.hasPrefix("{__name__")
                ? shared.counters.withLock { $0 } : value(query).map { #"{"metric":{},"value":[1,"\#($0)"]}"# } ?? ""
            try writer.answer(200, #"{"status":"success","data":{"resultType":"vector","result":["# + series + "]}}")
        }
    }

    func client(_ credential: ServerCredential = .none) throws -> PromQLClient {
        PromQLClient(url: loopback.url + "/", credential: credential, transport: try HTTPClient())
    }

    func stop() { loopback.stop() }
}
