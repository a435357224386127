internal import Policies

/// The fields of a knob.
enum KnobShape {
    static let knob = FieldTable(
        "a knob",
        [
            Field("min", .integer(bounds), "smallest value"),
            Field("max", .integer(bounds), "largest value"),
            Field("step", .integer(1...Int(Int32.max)), "distance of the values, counted from 'min'; 1 unless told"),
            Field("values", .list(.anyScalar, count: 1...1_000), "the allowed values in order, instead of 'min' and 'max'"),
            Field("default", .anyScalar, "the value in force where the target does not say"),
            Field("at", .object(place), "where the setting lives; 'replicas' and knobs of a command target need none"),
            Field("role", .choice(Knob.Role.allCases.map(\.rawValue)), "what kind of setting it is; derived from the name unless told"),
        ], choices: [.exactlyOne("min", "values"), .atMostOne("max", "values"), .atMostOne("step", "values")])

    private static let bounds = -1_000_000_000_000...1_000_000_000_000

    private static let place = FieldTable(
        "'at'",
        [
            Field(
                "containerArg",
                .object(
                    FieldTable(
                        "'containerArg'",
                        [
                            Field("container", .text(.name), required: true, "name of the container"),
                            Field("flag", .text(.any), required: true, "such as --max-num-seqs"),
                        ])), "an argument of a container"),
            Field(
                "env",
                .object(
                    FieldTable(
                        "'env'",
                        [
                            Field("container", .text(.name), required: true, "name of the container"),
                            Field("name", .text(.any), required: true, "name of the variable"),
                        ])), "an environment variable of a container"),
            Field(
                "configMap",
                .object(
                    FieldTable(
                        "'configMap'",
                        [
                            Field("name", .text(.name), required: true, "name of the ConfigMap"),
                            Field("key", .text(.any), required: true, "key in its data"),
                        ])), "a key of a ConfigMap"),
            Field(
                "resource",
                .object(
                    FieldTable(
                        "'resource'",
                        [
                            Field("container", .text(.name), required: true, "name of the container"),
                            Field("name", .text(.any), required: true, "such as nvidia.com/gpu"),
                        ])), "a resource request and limit of a container"),
            Field("field", .text(.jsonPointer), "a field of the target object, by JSON pointer"),
        ], choices: [.exactlyOne("containerArg", "env", "configMap", "resource", "field")])
}
