import Documents
public import EngineModels
import Measurements

/// Engines measured by somebody, in a JSON file: one's own beside those that are known here.
///
/// An object with a member for each engine: `{"my-engine": {"model": "Llama-3-8B", "gpu": "1xL40S", "a0": 1.5, "w": 10.3, "s1": 0.032,
/// "c2": 8.1, "s2": 0.0668, "ck": 8.2e-05, "e": 9e-07, "kv_cap_tokens": 430000}}`, the parameters of ``LatencyModel`` in milliseconds and in its
/// order. `devices`, `device_bytes`, `weight_bytes` and `bytes_per_token` are optional and wanted for settings that move memory; `api_ms` beside
/// the engines is what the server adds to every token's way, 6 where it is absent. Members that begin with an underscore are remarks.
public struct EngineCatalog: Sendable, Hashable {
    public let profiles: [EngineProfile]
    /// Of `cold_start`, where it is told.
    public let coldStart: ColdStart?

    /// - Parameter json: UTF-8.
    /// - Throws: ``TraceError`` with the name of the engine.
    public init(json: [UInt8]) throws(TraceError) {
        let document: DocumentValue
        do {
            document = try json.withUnsafeBytes { try JSONDocument.parse($0, limits: DocumentLimits(bytes: 1 << 20)) }
        } catch {
            throw TraceError("\(error)")
        }
        let server = document["api_ms"].map(\.number.value) ?? 6
        guard let server, (0...10_000).contains(server) else { throw TraceError("'api_ms' expects milliseconds, a number in 0...10000") }
        var profiles: [EngineProfile] = []
        for member in document.members where !member.key.hasPrefix("_") && !Self.others.contains(member.key) {
            guard !profiles.contains(where: { $0.name == member.key }) else {
                throw TraceError("engine '\(ForeignText.printable(member.key))' is there twice")
            }
            profiles.append(try EngineFields(member).profile(serverLatency: Nanoseconds(milliseconds: server)))
        }
        guard !profiles.isEmpty else { throw TraceError("expected an object with an engine in it, such as {\"name\": {\"a0\": …}}") }
        self.profiles = profiles
        coldStart = try Self.coldStart(document["cold_start"]?["default"])
    }

    /// Members that are no engines.
    private static let others: Set = ["api_ms", "cold_start"]

    private static func coldStart(_ value: DocumentValue?) throws(TraceError) -> ColdStart? {
        guard let value else { return nil }
        guard let median = value["median_s"]?.number.value, let deviation = value["sigma"]?.number.value, (0...86_400).contains(median),
            (0...3).contains(deviation)
        else { throw TraceError("'cold_start' expects 'median_s' in 0...86400 and 'sigma' in 0...3") }
        return ColdStart(median: Nanoseconds(seconds: median), deviation: deviation)
    }
}

private struct EngineFields {
    private let name: String
    private let value: DocumentValue

    init(_ member: DocumentValue.Member) throws(TraceError) {
        guard (1...100).contains(member.key.count) else { throw TraceError("the name of an engine has \(member.key.count) characters") }
        name = ForeignText.printable(member.key)
        value = member.value
    }

    func profile(serverLatency: Nanoseconds) throws(TraceError) -> EngineProfile {
        let latency = LatencyModel(
            overhead: try number("a0", in: 0...10_000), weightRead: try number("w", in: 0...10_000),
            readPerToken: try number("s1", in: 0...100), computeFloor: try number("c2", in: 0...10_000),
            computePerToken: try number("s2", in: 0...100), cachePerToken: try number("ck", in: 0...1),
            attention: try number("e", in: 0...1))
        guard latency.overhead + max(latency.weightRead, latency.computeFloor) > 0 else {
            throw TraceError("engine '\(name)' takes no time for an iteration: 'a0', 'w' and 'c2' are 0")
        }
        return EngineProfile(
            name: name, model: ForeignText.printable(value["model"]?.text ?? name),
            hardware: ForeignText.printable(value["gpu"]?.text ?? ""),
            latency: latency, memory: try memory(), devices: try whole("devices", in: 1...64, otherwise: known?.devices ?? 1),
            cacheTokens: try whole("kv_cap_tokens", in: 16...EngineSettings.maximumCacheTokens), serverLatency: serverLatency)
    }

    private var known: EngineProfile? { EngineProfile.named(name) }

    /// All three figures or none; those of an engine known here where the file has none.
    private func memory() throws(TraceError) -> DeviceMemory? {
        guard value["device_bytes"] != nil || value["weight_bytes"] != nil || value["bytes_per_token"] != nil else { return known?.memory }
        return DeviceMemory(
            deviceBytes: try number("device_bytes", in: 1...1e15), weightBytes: try number("weight_bytes", in: 0...1e15),
            bytesPerToken: try number("bytes_per_token", in: 1...1e12))
    }

    private func whole(_ key: String, in range: ClosedRange<Int>, otherwise: Int? = nil) throws(TraceError) -> Int {
        if value[key] == nil, let otherwise { return otherwise }
        guard let number = value[key]?.integer.flatMap({ Int(exactly: $0) }), range.contains(number) else {
            throw TraceError("engine '\(name)' expects a whole number '\(key)' in \(range)")
        }
        return number
    }

    private func number(_ key: String, in range: ClosedRange<Double>) throws(TraceError) -> Double {
        guard let number = value[key]?.number.value, range.contains(number) else {
            throw TraceError("engine '\(name)' expects a number '\(key)' in \(range)")
        }
        return number
    }
}
