import ArgumentParser
import EpisodeStore
import Foundation
import Measurements

/// Where the store is.
struct StoreOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The store file; by default $XDG_STATE_HOME/llm-auto-optimizer/store.sqlite.", valueName: "path"),
        completion: .file())
    var store: String?

    /// How long and how much a store keeps without being told otherwise.
    static let keptFor = Duration.seconds(90 * 86_400)
    static let keptBytes = 1 << 30

    var path: String {
        if let store { return store }
        let environment = ProcessInfo.processInfo.environment
        let state = environment["XDG_STATE_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory() + "/.local/state"
        return state + "/llm-auto-optimizer/store.sqlite"
    }

    /// How long another writer is waited for; its own work takes milliseconds, an import seconds.
    private static let patience = Duration.seconds(10)

    /// Opens it for writing, creating it where there is none; waits a while where another command is writing.
    func open() throws -> EpisodeStore {
        let clock = ContinuousClock()
        let deadline = clock.now + Self.patience
        while true {
            do {
                return try EpisodeStore(path: path)
            } catch let error as StoreError where error.kind == .locked && clock.now < deadline {
                try Interruption.check()
                usleep(50_000)
            } catch let error as StoreError {
                throw CommandFailure("\(error)", status: error.status)
            }
        }
    }

    /// Opens an existing store for reading; another process may be writing to it.
    func openForReading() throws -> EpisodeStore { try guarded { try EpisodeStore(readingFrom: path) } }

    /// Does something with a store and turns its errors into the command's.
    func guarded<Value>(_ work: () throws -> Value) throws -> Value {
        do {
            return try work()
        } catch let error as StoreError {
            throw CommandFailure("\(error)", status: error.status)
        }
    }
}

extension StoreError {
    /// What the caller asked for was wrong, or the store could not be reached.
    fileprivate var status: ExitStatus {
        switch kind {
        case .locked, .diskFull, .readOnly, .failed, .unreadable: .unreachable
        default: .invalidInput
        }
    }
}

extension Timestamp {
    /// The wall clock.
    static var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(nanosecondsSinceEpoch: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }
}
