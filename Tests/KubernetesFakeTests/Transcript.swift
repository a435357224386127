import FoundationEssentials
import KubernetesTestSupport
import TestSupport

/// An exchange that was recorded with a real API server.
struct Transcript {
    /// "022-deployment-create"
    let name: String
    let request: JSONValue
    let response: JSONValue

    var user: String { request["as"]?.text ?? "anonymous" }
    var status: Int? { response["status"]?.integer.map { Int($0) } }
    var isStream: Bool { response["stream"] != nil }
    var events: [JSONValue] { (response["stream"]?.elements ?? []).compactMap { $0["event"] } }

    func headers(_ name: String) -> [String] {
        (response["headers"]?.elements ?? []).compactMap { pair in
            pair.elements.first?.text?.lowercased() == name.lowercased() ? pair.elements.last?.text : nil
        }
    }

    /// By number; a PUT that changes nothing was recorded after the PUT it repeats.
    static func all() throws -> [Transcript] {
        let folder = SharedData.path("k8s-transcripts")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).compactMap { file in
            file.hasSuffix(".request.json") ? String(file.dropLast(".request.json".count)) : nil
        }
        func place(_ name: String) -> String { name.hasPrefix("186-") ? "193-z" : name }
        return try names.sorted { place($0) < place($1) }.map { name in
            func read(_ kind: String) throws -> JSONValue {
                let data = try Data(contentsOf: URL(filePath: folder + "/" + name + kind))
                return try JSONValue.parse(Array(data))
            }
            return Transcript(name: name, request: try read(".request.json"), response: try read(".response.json"))
        }
    }
}

/// Which of the recorded cluster's opaque values stand for which of the fake's.
struct OpaqueValues {
    /// uids, resourceVersions of objects, tokens of lists, generated names: recorded → fake.
    private var known: [String: String] = [:]

    subscript(recorded: String) -> String? {
        get { known[recorded] }
        set { known[recorded] = newValue }
    }

    /// The nearest revision up to a recorded one, for a watch that starts there.
    func revision(_ recorded: Int) -> String? {
        known.compactMap { key, value in key.droppingRevisionMark.flatMap { $0 <= recorded ? ($0, value) : nil } }.max { $0.0 < $1.0 }?.1
    }

    /// Puts the fake's values in the place of recorded ones.
    func translated(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object(let members):
            var result: [String: JSONValue] = [:]
            for (key, member) in members {
                if key == "resourceVersion", let text = member.text, let own = known["rv" + text] {
                    result[key] = .string(own)
                } else {
                    result[key] = translated(member)
                }
            }
            return .object(result)
        case .array(let elements): return .array(elements.map(translated))
        case .string(let text): return .string(known[text] ?? text)
        default: return value
        }
    }

    /// A recorded path and query as the fake is to be asked; a revision not seen before is `now`.
    mutating func translated(target: String, now: Int) -> String {
        var parts = target.split(separator: "?", maxSplits: 1).map(String.init)
        for (recorded, own) in known where recorded.contains("-") { parts[0] = parts[0].replacing(recorded, with: own) }
        guard parts.count == 2 else { return parts[0] }
        let pairs = parts[1].split(separator: "&").map { pair -> String in
            let sides = pair.split(separator: "=", maxSplits: 1).map(String.init)
            guard sides.count == 2 else { return String(pair) }
            if sides[0] == "continue" { return "continue=" + (known[sides[1]] ?? sides[1]) }
            guard sides[0] == "resourceVersion", let number = Int(sides[1]), number > 0, number < 100_000 else { return String(pair) }
            if known["rv" + sides[1]] == nil { known["rv" + sides[1]] = "\(now)" }
            return "resourceVersion=" + (known["rv" + sides[1]] ?? "")
        }
        return parts[0] + "?" + pairs.joined(separator: "&")
    }
}

extension String {
    fileprivate var droppingRevisionMark: Int? { hasPrefix("rv") ? Int(dropFirst(2)) : nil }
}
