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
            Field("plan", .object(plan), "plans the replicas by forecasts of the demand; triggers do not move them then"),
        ], choices: [.exactlyOne("min", "values"), .atMostOne("max", "values"), .atMostOne("step", "values")])

    private static let plan = FieldTable(
        "'plan'",
        [
            Field(
                "profile", .text(.profile), required: true,
                "the engine with its model on its devices, which tells what one replica serves in time"),
            Field(
                "startup", .duration(.seconds(1)...Duration.seconds(3_600)),
                "from asking for a replica to its serving, as rather long starts take; 150s unless told"),
            Field(
                "maxNumSeqs", .integer(1...16_384), "most sequences decoded together, as the engine's flag says; 256 unless told"),
            Field(
                "maxNumBatchedTokens", .integer(1...65_536),
                "most tokens of one iteration, as the engine's flag says; 2048 unless told"),
        ])

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
