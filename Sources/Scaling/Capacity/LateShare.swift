#if canImport(Glibc)
    private import Glibc
#elseif canImport(Darwin)
    private import Darwin
#endif

/// Which share of requests is late at a load, for a replica in a pool.
///
/// Even below capacity some are: arrivals come in clumps, and a short answer beside a long prompt has no time to make up for it. Fitted to
/// simulated pools of five Llama-2-70B on four H100 each, under Poisson's arrivals with the lengths of Azure's conversations: 0.5 % late at
/// 0.875 of the capacity, 2 % at it, 17 % at 1.125, half at 1.19.
enum LateShare {
    /// - Parameter load: Demand per replica, in replicas; at least 0.
    static func at(load: Double) -> Double { table[min(Int(load * Double(resolution)), table.count - 1)] }

    private static let resolution = 128
    private static let table: ContiguousArray<Double> = ContiguousArray(
        (0...(3 * resolution)).map { index in
            let load = (Double(index) + 0.5) / Double(resolution)
            return load < 1.02 ? 1 / (1 + exp(20.2 - 16 * load)) : 1 / (1 + exp(22 * (1.19 - load)))
        })
}
