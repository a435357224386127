public import Control
import FoundationEssentials
import GRDB
import Measurements

/// What operators ask of the controller that holds the store: a file each in a folder beside it, because only one process writes the store.
///
/// A request is there as a whole or not at all, outlives both processes, and is answered once: its identifier is journaled with the answer.
public struct RequestInbox: Sendable {
    let folder: String
    /// More than this at once are not read; a folder somebody floods does not flood the controller.
    private static let mostRequests = 1_000
    private static let mostBytes = 4_096

    /// - Parameter storePath: Of the store the controller holds.
    public init(storePath: String) { folder = StoreFile.canonical(storePath) + ".requests" }

    /// Leaves a request for the controller.
    /// - Throws: `StoreError` where the folder cannot be written to.
    public func leave(_ request: OperatorRequest) throws {
        do {
            try SystemFile.createFolder(folder)
            let file = folder + "/" + request.id.lowercaseText
            try SystemFile.createFile(file + ".new")
            guard let descriptor = try SystemFile.openLocked(file + ".new") else { throw SystemFile.Failure.last }
            defer { SystemFile.close(descriptor) }
            try SystemFile.replaceContent(descriptor, with: String(decoding: try CanonicalJSON.encode(request), as: UTF8.self))
            try SystemFile.synchronize(descriptor)
            try SystemFile.move(file + ".new", to: file + ".json")
        } catch let failure as SystemFile.Failure {
            throw StoreError(failure, attempt: "leave a request beside", path: folder, on: folder)
        }
    }

    /// Everything that lies there and can be read, oldest first.
    func requests() -> [OperatorRequest] {
        let names = SystemFile.names(in: folder).filter { $0.hasSuffix(".json") }.sorted().prefix(Self.mostRequests)
        return names.compactMap { name in
            // What is not a request is nobody's request; it is left for people to look at.
            guard let bytes = try? SystemFile.beginning(of: folder + "/" + name, count: Self.mostBytes) else { return nil }
            return try? CanonicalJSON.decode(OperatorRequest.self, from: Data(bytes))
        }.sorted { ($0.time, $0.id.uuidString) < ($1.time, $1.id.uuidString) }
    }

    func remove(_ id: UUID) { SystemFile.remove(folder + "/" + id.lowercaseText + ".json") }
}

extension EpisodeStore {
    /// What operators asked for and nobody has answered, oldest first.
    public func requests() throws -> [OperatorRequest] {
        let all = RequestInbox(storePath: path).requests()
        guard !all.isEmpty else { return [] }
        let answered = try read("read answered requests of") { database in
            try all.filter { request in
                try Bool.fetchOne(
                    database, sql: "SELECT EXISTS (SELECT 1 FROM answered_request WHERE id = ?)", arguments: [request.id.lowercaseText])
                    ?? false
            }
        }
        // Answered, but the process ended before the file was removed.
        removeRequests(answered.map(\.id))
        let ids = Set(answered.map(\.id))
        return all.filter { !ids.contains($0.id) }
    }

    func removeRequests(_ ids: [UUID]) {
        guard !ids.isEmpty else { return }
        let inbox = RequestInbox(storePath: path)
        for id in ids { inbox.remove(id) }
    }
}
