import Control
import Documents
public import Policies
public import Transport

extension ServerCredential {
    /// As a policy says where the secret is.
    public init(_ login: Policy.Source.Login?) {
        guard let login else {
            self = .none
            return
        }
        let place: SecretPlace =
            switch login.place {
            case .environment(let name): .environment(name)
            case .file(let path): .file(path)
            }
        self = login.user.map { .basic(user: $0, place) } ?? .bearer(place)
    }
}

extension PrometheusSource {
    /// As a policy describes it.
    /// - Throws: ``UnknownPreset`` or ``InvalidSelector``.
    public init(name: String, _ server: Policy.Source.Prometheus, client: HTTPClient) throws {
        let queries = try server.preset.map { try PresetQueries(EnginePreset.known($0), selector: server.selector) }
        self.init(
            name: name, client: PromQLClient(url: server.url, credential: ServerCredential(server.login), transport: client),
            queries: queries, own: server.queries)
    }
}

extension ScrapeSource {
    /// As a policy describes it.
    /// - Throws: ``UnknownPreset``.
    public init(name: String, _ pages: Policy.Source.Scrape, client: HTTPClient) throws {
        self.init(
            name: name, urls: pages.urls, preset: try EnginePreset.known(pages.preset), selector: pages.selector,
            credential: ServerCredential(pages.login), transport: client)
    }
}

extension EnginePreset {
    fileprivate static func known(_ name: String) throws(UnknownPreset) -> EnginePreset {
        guard let preset = named(name) else { throw UnknownPreset(name: name) }
        return preset
    }
}

/// A policy names a preset there is none of.
public struct UnknownPreset: Error, Sendable, Hashable, CustomStringConvertible {
    public let name: String

    public init(name: String) { self.name = name }

    public var description: String {
        "no preset is named '\(name)'; known are \(EnginePreset.all.map(\.name).joined(separator: ", "))"
    }
}
