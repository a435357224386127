/// The fields of `tune`.
enum TuneShape {
    static let tune = FieldTable(
        "'tune'",
        [
            Field("knobs", .list(.text(.name), count: 1...50), "the knobs to try; unless told all that may be tried, without the replicas"),
            Field("objective", .object(objective), "what is to become small, by weights; both latencies alike unless told"),
            Field("experiments", .eventBudget, "most trials, 3/h unless told"),
            Field("cooldown", .duration(PolicyShape.wait), "quiet time after a trial; 10m unless told"),
            Field(
                "errorBudget", .ratio(0...1),
                "share of the misses that 'attainment' leaves, which trials may cause within a day; 20% unless told"),
        ])

    private static let objective = FieldTable(
        "'objective' of 'tune'",
        [
            Field("ttft", .ratio(0...1), "weight of the logarithm of the time to first token"),
            Field("tpot", .ratio(0...1), "weight of the logarithm of the time per output token"),
        ])
}
