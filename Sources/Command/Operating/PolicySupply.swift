import Control
import Documents
import Foundation
import Measurements
import Policies
import PolicyFiles

/// Where the controller's policies come from, and where their state is told.
protocol PolicySupply: Sendable {
    /// - Throws: `CommandFailure` where there is nothing to begin with.
    mutating func start() async throws
    /// All policies, where something changed since the last call; `nil` where nothing did.
    mutating func news(at now: Timestamp) async -> [Policy]?
    /// Tells how policies stand, where anybody wants to know.
    mutating func report(_ status: [Controller.Status], at time: Timestamp) async
}

/// Policies of a folder, or of one file, read again when they change. A file with an error keeps its last good text.
struct FilePolicies: PolicySupply {
    private let path: String
    private var texts: [String: [UInt8]] = [:]
    private var good: [String: [Policy]] = [:]
    /// Files with a policy whose name another file has too.
    private var leftOut: Set<String> = []
    private var lastLook: Timestamp?
    private var isNew = true
    /// Between two looks at the folder.
    private static let pause = Duration.seconds(2)

    init(path: String) { self.path = path }

    mutating func start() async throws {
        guard FileManager.default.fileExists(atPath: path) else {
            throw CommandFailure("there is no \(path); name a folder of policy files, or one file, with --policies")
        }
        look()
        guard !good.values.joined().isEmpty else {
            throw CommandFailure("\(path) holds no policy that can be run; check it with: validate")
        }
    }

    mutating func news(at now: Timestamp) async -> [Policy]? {
        if lastLook.map({ now.since($0).duration >= Self.pause }) ?? true {
            lastLook = now
            look()
        }
        defer { isNew = false }
        return isNew ? good.sorted { $0.key < $1.key }.flatMap(\.value) : nil
    }

    mutating func report(_ status: [Controller.Status], at time: Timestamp) async {}

    private mutating func look() {
        let files = Self.files(path)
        for gone in Set(texts.keys).subtracting(files) {
            isNew = isNew || good[gone] != nil
            good[gone] = nil
            texts[gone] = nil
            // What was left out beside it is looked at again.
            for file in leftOut { texts[file] = nil }
            leftOut = []
        }
        for file in files {
            guard let bytes = try? FileContent.read(path: file, limitBytes: 16 << 20) else {
                if texts[file] != [] { Terminal.standardError("\(file) cannot be read; its last good text stays in force\n") }
                texts[file] = []
                continue
            }
            guard bytes != texts[file] else { continue }
            texts[file] = bytes
            take(parsePolicies(bytes, file: file), of: file)
        }
    }

    private mutating func take(_ parse: PolicyParse, of file: String) {
        if !parse.diagnostics.isEmpty { Terminal.standardError(parse.report + "\n") }
        guard parse.isValid else {
            let kept = good[file] == nil ? "it is left out until it is mended" : "its last good text stays in force"
            return Terminal.standardError("\(file) has errors; \(kept)\n")
        }
        let others = Set(good.filter { $0.key != file }.values.joined().map(\.name))
        if let twice = parse.policies.first(where: { others.contains($0.name) }) {
            leftOut.insert(file)
            return Terminal.standardError("\(file): another file has a policy '\(twice.name)'; this file is left out\n")
        }
        good[file] = parse.policies
        isNew = true
    }

    /// Policy files; tests of policies lie beside them and are not policies.
    private static func files(_ path: String) -> [String] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return [] }
        guard isFolder.boolValue else { return [path] }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return names.filter { ($0.hasSuffix(".yaml") || $0.hasSuffix(".yml")) && !$0.contains(".test.") && !$0.hasPrefix(".") }
            .sorted().map { path + "/" + $0 }
    }
}
