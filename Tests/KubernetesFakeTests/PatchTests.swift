import Testing

@testable import KubernetesTestSupport

@Suite("Patches")
struct PatchTests {
    private let spec: JSONValue = ["spec": ["replicas": 3, "args": ["a", "b"]]]

    @Test("a JSON patch whose test fails is refused, and so is one whose path is not there")
    func refusals() {
        let patches: [JSONValue] = [
            [["op": "test", "path": "/spec/replicas", "value": 99], ["op": "replace", "path": "/spec/replicas", "value": 2]],
            [["op": "remove", "path": "/spec/none"]], [["op": "replace", "path": "/spec/none", "value": 1]],
            [["op": "add", "path": "/spec/args/7", "value": "c"]], [["op": "add", "path": "/none/x", "value": 1]],
            [["op": "frobnicate", "path": "/spec"]], ["op": "remove"], [["op": "remove", "path": "spec"]],
        ]
        for patch in patches { #expect(throws: JSONPatch.Failure.self, "\(patch.json)") { try JSONPatch.apply(patch, to: spec) } }
    }

    @Test(
        "the operations of RFC 6902 do what it says",
        arguments: [
            ("[{\"op\":\"add\",\"path\":\"/spec/args/1\",\"value\":\"x\"}]", "{\"spec\":{\"args\":[\"a\",\"x\",\"b\"],\"replicas\":3}}"),
            ("[{\"op\":\"add\",\"path\":\"/spec/args/-\",\"value\":\"x\"}]", "{\"spec\":{\"args\":[\"a\",\"b\",\"x\"],\"replicas\":3}}"),
            ("[{\"op\":\"remove\",\"path\":\"/spec/args/0\"}]", "{\"spec\":{\"args\":[\"b\"],\"replicas\":3}}"),
            (
                "[{\"op\":\"move\",\"from\":\"/spec/args/0\",\"path\":\"/first\"}]",
                "{\"first\":\"a\",\"spec\":{\"args\":[\"b\"],\"replicas\":3}}"
            ),
            (
                "[{\"op\":\"copy\",\"from\":\"/spec/replicas\",\"path\":\"/a~1b\"}]",
                "{\"a/b\":3,\"spec\":{\"args\":[\"a\",\"b\"],\"replicas\":3}}"
            ),
        ])
    func operations(patch: String, expected: String) throws {
        #expect(try JSONPatch.apply(JSONValue.parse(patch), to: spec).json == expected)
    }

    @Test("a merge patch removes what is null and replaces lists as a whole")
    func merge() {
        let patched = MergePatch.apply(["spec": ["replicas": .null, "args": ["c"], "new": ["a": .null, "b": 1]]], to: spec)
        #expect(patched == ["spec": ["args": ["c"], "new": ["b": 1]]])
    }

    @Test("a strategic merge patch merges containers and variables by name, and deletes where it is told to")
    func strategic() {
        let object: JSONValue = [
            "containers": [
                [
                    "name": "engine", "image": "vllm:1", "args": ["--a"],
                    "env": [["name": "A", "value": "1"], ["name": "B", "value": "2"]],
                ],
                ["name": "side", "image": "s:1"],
            ]
        ]
        let patch: JSONValue = [
            "containers": [
                ["name": "engine", "args": ["--b"], "env": [["name": "B", "value": "3"], ["name": "A", "$patch": "delete"]]],
                ["name": "side", "$patch": "delete"], ["name": "new", "image": "n:1"],
            ]
        ]
        let expected: JSONValue = [
            "containers": [
                ["name": "engine", "image": "vllm:1", "args": ["--b"], "env": [["name": "B", "value": "3"]]],
                ["name": "new", "image": "n:1"],
            ]
        ]
        #expect(StrategicMergePatch.apply(patch, to: object) == expected)
    }

    @Test("fieldsV1 comes out as it went in")
    func fieldsV1() throws {
        let text =
            #"{"f:metadata":{"f:finalizers":{"v:\"a\"":{}}},"f:spec":{"f:containers":{"k:{\"name\":\"web\"}":{".":{},"f:image":{}}},"f:replicas":{}}}"#
        #expect(FieldSet(fieldsV1: try JSONValue.parse(text)).fieldsV1.json == text)
    }
}
