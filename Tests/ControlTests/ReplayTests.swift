import FoundationEssentials
import Learning
import Policies
import Testing

@testable import Control

@Suite struct ReplayTests {
    private func record() -> CycleRecord {
        let policy = DecideTests.policy()
        let snapshot = DecideTests.snapshot(policy)
        return CycleRecord(
            id: UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)), origin: .recommend, toolVersion: "0.1.0", policy: policy,
            snapshot: snapshot, decision: decide(snapshot, under: policy))
    }

    @Test("a decision follows from its inputs, also after they were written down")
    func identical() throws {
        let record = record()
        #expect(record.decision.outcome == .recommend)
        #expect(try replay(record) == .identical)
        let copy = try CanonicalJSON.decode(CycleRecord.self, from: CanonicalJSON.encode(record))
        #expect(copy == record)
        #expect(try replay(copy) == .identical)
    }

    @Test("a whole number that came with a decimal point, which JSON does not keep, gives the same decision")
    func wholeNumbers() throws {
        var record = record()
        record.snapshot.state.values["replicas"] = KnobState(.number(2), origin: .manifest)
        record.decision = decide(record.snapshot, under: record.policy)
        #expect(record.decision.recommendations.contains { $0.candidate.to == .integer(3) })
        let copy = try CanonicalJSON.decode(CycleRecord.self, from: CanonicalJSON.encode(record))
        #expect(copy.snapshot.state.values["replicas"]?.value == .integer(2))
        #expect(try replay(copy) == .identical)
    }

    @Test("the first place in which it differs is named with both sides")
    func changed() throws {
        var record = record()
        record.decision.outcome = .hold
        #expect(try replay(record) == .differs(pointer: "/outcome", stored: "\"hold\"", derived: "\"recommend\""))
    }

    @Test("a recommendation that is missing is a difference")
    func missing() throws {
        var record = record()
        let count = record.decision.recommendations.count
        record.decision.recommendations.removeLast()
        guard case .differs(let pointer, let stored, let derived) = try replay(record) else { Issue.record("not noticed"); return }
        #expect(pointer == "/recommendations/\(count - 1)" && stored == nil && derived?.hasPrefix("an object of") == true)
    }

    @Test("another policy is a difference")
    func otherPolicy() throws {
        var record = record()
        record.policy.triggers[0].minSamples = 100_000
        #expect(try replay(record) != .identical)
    }

    @Test("keys with slashes and tildes are escaped in the pointer")
    func escaping() throws {
        let left = try CanonicalJSON.decode(JSONTree.self, from: Data(#"{"a/b~c":[1,2.5,null,true,18446744073709551615]}"#.utf8))
        let right = try CanonicalJSON.decode(JSONTree.self, from: Data(#"{"a/b~c":[1,2.5,null,true,"x"]}"#.utf8))
        let found = try #require(left.firstDifference(from: right))
        #expect(found.pointer == "/a~1b~0c/4" && found.left == .unsigned(.max) && found.right == .text("x"))
        #expect(left.firstDifference(from: left) == nil)
    }

    @Test("canonical JSON has one spelling, and keeps what is not finite")
    func canonical() throws {
        let text = String(decoding: try CanonicalJSON.encode(["b/c": Double.infinity, "a": .nan, "z": 1]), as: UTF8.self)
        #expect(text == #"{"a":"NaN","b/c":"Infinity","z":1}"#)
        let back = try CanonicalJSON.decode([String: Double].self, from: Data(text.utf8))
        #expect(back["b/c"] == .infinity && back["a"]?.isNaN == true)
    }
}
