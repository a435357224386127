import Control
import ControllerHelper
import EpisodeStore
import Foundation
import Learning
import Measurements
import Policies

/// How a run ended, without what differs between two runs that end alike: times, identifiers and versions.
struct FinalState: Hashable {
    var settings: String
    /// Value of the knob in force.
    var value: Int?
    var states: [AdjustmentState]
    /// Knob, old and new value and whether it was undone, of each change remembered.
    var changes: [String]
    var openEpisodes: Int
    var closedEpisodes: Int
    /// Times each direction was written.
    var forwardWrites: Int
    var backWrites: Int
    var isMarked: Bool
    /// Of canaries that are left.
    var groups: [String]

    init(_ target: TestCluster, _ ground: Ground, store: EpisodeStore) throws {
        let kind = ground.kind
        settings = target.settings
        value = target.value(kind)
        states = try store.adjustments().map(\.state)
        changes = try store.history(for: "chat", since: Timestamp(nanosecondsSinceEpoch: 0)).changes.map {
            "\($0.knob) \($0.from) → \($0.to)\($0.rolledBack ? ", undone" : "")"
        }
        openEpisodes = try store.openEpisodes().count
        closedEpisodes = try store.episodes(deployment: ground.target).count { $0.closure != nil }
        let writes = target.valueWrites(kind)
        forwardWrites = writes.count { $0.after > $0.before }
        backWrites = writes.count { $0.after < $0.before }
        groups = target.groups
        isMarked = target.annotation(TestCluster.mark) != nil
    }
}
