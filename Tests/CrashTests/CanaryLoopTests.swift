import Control
import ControllerHelper
import Foundation
import Kubernetes
import KubernetesTestSupport
import Learning
import Policies
import Testing

/// Changes that are tried on a part of the replicas first, by the production loop at a Kubernetes API.
@Suite("A change that is tried on a canary")
struct CanaryLoopTests {
    @Test("and helps comes to all replicas, is watched, and is kept; nothing of its groups is left")
    func kept() async throws {
        let rig = try Rig(Ground(.canary, slope: -0.5))
        try await rig.finish()
        let change = try #require(try rig.newest, "\(rig.events.all.map(\.message))")
        #expect(
            change.history.map(\.state) == [.proposed, .comparing, .applying, .settling, .observing, .promoting, .probation, .kept],
            "\(change.history) \(change.lastProblem ?? "")")
        let end = try rig.final()
        #expect(end.value == 4 && end.forwardWrites == 1 && end.backWrites == 0 && end.groups.isEmpty && !end.isMarked)
        #expect(rig.target.object?["spec", "replicas"]?.integer == 8)
        #expect(rig.heard(.canaryBegun).count == 1 && rig.heard(.canaryPromoted).count == 1 && rig.heard(.verificationPassed).count == 1)
    }

    @Test("and harms never comes to the others")
    func takenBack() async throws {
        let rig = try Rig(Ground(.canary, slope: 0.4))
        let before = rig.target.settings
        try await rig.finish()
        let change = try #require(try rig.newest, "\(rig.events.all.map(\.message))")
        #expect(
            change.history.map(\.state).suffix(3) == [.observing, .rollingBack, .rolledBack] && change.verdict == .worsened,
            "\(change.history)")
        let end = try rig.final()
        #expect(end.forwardWrites == 0 && end.groups.isEmpty && !end.isMarked && rig.target.settings == before)
    }
}
