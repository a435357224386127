internal import Policies

/// The fields of a target that is changed and read by commands or HTTP requests.
enum CommandShape {
    static let target = FieldTable(
        "'command'",
        [
            Field("name", .text(.name), required: true, "what events and reports call it"),
            Field("set", .object(step("'set'")), required: true, "puts values in force; {knob} stands for the value of a knob"),
            Field(
                "get", .object(step("'get'")), required: true, "tells the values in force: JSON such as {\"slots\": 4}, or lines knob=value"
            ),
            Field("ready", .object(step("'ready'")), "succeeds when the engine runs with the values in force; at once unless told"),
            Field("undo", .object(step("'undo'")), "takes a change back; 'set' with the old value unless told"),
            Field(
                "environment", .list(.text(.name), count: 0...50), "variables that commands get beside PATH, HOME and LANG, by name"),
        ])

    /// A command or a request.
    private static func step(_ name: String) -> FieldTable {
        FieldTable(
            name,
            [
                Field("run", .list(.text(.any), count: 1...100), "an absolute path and its arguments; started without a shell"),
                Field("http", .object(request), "a request; any 2xx answer is success"),
                Field("timeout", .duration(timeouts), "when it is given up; 30s for set and undo, 5s for get and ready unless told"),
            ], choices: [.exactlyOne("run", "http")])
    }

    static let timeouts = Duration.milliseconds(100)...Duration.seconds(600)

    private static let request = FieldTable(
        "'http'",
        [
            Field("url", .text(.url), required: true, "such as http://127.0.0.1:8080/health"),
            Field(
                "method", .choice(Policy.CommandStep.HTTPRequest.Method.allCases.map(\.rawValue)),
                "PUT for set and undo, GET for get and ready unless told"),
            Field("body", .text(.any), "JSON, such as '{\"slots\": {slots}}'"),
        ])
}
