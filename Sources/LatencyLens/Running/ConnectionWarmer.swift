import Probing
import Transport

/// Opens connections before a clock starts, a few at a time: opened in one burst by the first requests they would cost those, and the
/// server, tens of milliseconds.
struct ConnectionWarmer: Sendable {
    let exchange: StreamExchange
    let key: String?

    /// At a time.
    private static let atOnce = 32

    /// - Returns: How many connections were opened. None is no reason not to measure: requests open what they need.
    func open(_ count: Int) async -> Int {
        guard count > 0 else { return 0 }
        let request = request
        return await withTaskGroup(of: Bool.self) { group in
            var opened = 0
            for index in 0..<count {
                if index >= Self.atOnce, await group.next() == true { opened += 1 }
                if Task.isCancelled { break }
                group.addTask { await answers(request) }
            }
            for await isOpen in group where isOpen { opened += 1 }
            return opened
        }
    }

    private func answers(_ request: HTTPRequest) async -> Bool {
        // Why a connection does not come about is told by the first request that needs it.
        (try? await exchange.client.send(request)) != nil
    }

    /// Costs nothing, and any answer will do: also one that refuses leaves the connection open.
    private var request: HTTPRequest {
        let endpoint = exchange.endpoint.prefix { $0 != "?" }
        let base = endpoint.hasSuffix("/") ? endpoint.dropLast() : endpoint
        let headers = exchange.provider.request(Prompt(text: "", maximumOutputTokens: 1), key: key).headers + exchange.headers
        return HTTPRequest(
            url: base + "/models", headers: headers.map { (name: $0.name, value: $0.value) },
            deadlines: Deadlines(connect: .seconds(5), firstByte: .seconds(5), idle: .seconds(5), total: .seconds(10)), httpVersion: .http1,
            opensConnection: true)
    }
}
