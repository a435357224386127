import Testing

@testable import KubernetesTestSupport

@Suite("Patches")
struct PatchTests {
    @Test("a JSON patch whose test fails changes nothing")
    func testFails() {
        let value: JSONValue = ["spec": ["replicas": 3]]
        let patch: JSONValue = [
            ["op": "test", "path": "/spec/replicas", "value": 99], ["op": "replace", "path": "/spec/replicas", "value": 2],
        ]
        #expect(throws: JSONPatch.Failure.self) { try JSONPatch.apply(patch, to: value) }
    }
}
