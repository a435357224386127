import Measurements

#if canImport(Glibc)
    private import Glibc
#elseif canImport(Darwin)
    private import Darwin
#endif

/// What is left of something after an age, `2^(−age / halfLife)`; all of it before its time.
func halving(after age: Nanoseconds, halfLife: Nanoseconds) -> Double {
    exp2(-max(0, age.seconds) / halfLife.seconds)
}
