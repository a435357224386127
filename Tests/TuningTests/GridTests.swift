import EngineModels
import Learning
import Measurements
import Policies
import Testing
import Tuning

@Suite struct GridTests {
    private let world = TuningWorld.large

    @Test("moves change one or two knobs, the nearest first, and never none")
    func moves() {
        let moves = world.grid.moves(from: world.start)
        #expect(moves.count == 23 && Set(moves).count == 23)
        #expect(moves.allSatisfy { (1...2).contains($0.knobs(differingIn: world.start).count) })
        #expect(moves[0].knobs(differingIn: world.start).count == 1)
    }

    @Test("a value beyond the grid has neighbours in it, and a grid of many knobs is not searched beyond its bound")
    func bounds() {
        let strange = TuningWorld.configuration(3_000, 64)
        #expect(world.grid.moves(from: strange).contains(TuningWorld.configuration(2_048, 64)))
        let knobs = (0..<12).map { TunedKnob(name: "k\($0)", role: .other, values: (0..<12).map(KnobValue.integer)) }
        let start = Configuration(Dictionary(uniqueKeysWithValues: knobs.map { ($0.name, KnobValue.integer(0)) }))
        #expect(TuningGrid(knobs: knobs).moves(from: start).count == TuningGrid.maximumArms)
    }

    @Test("whole numbers are one value however they are written")
    func values() {
        #expect(Configuration(["k": .number(8)]) == Configuration(["k": .integer(8)]))
        #expect(TunedKnob(name: "k", role: .other, values: [.integer(8), .number(8), .integer(2)]).values == [.integer(2), .integer(8)])
    }

    @Test("rules keep out what does not start, does not fit, or nobody has approved")
    func rules() {
        let few = TuningWorld.configuration(128, 256)
        #expect(world.grid.refusal(of: few) != nil && world.grid.refusal(of: world.start) == nil)
        let share = TunedKnob(name: "gpu_memory_utilization", role: .memoryShare, values: [.number(0.5), .number(0.9)])
        let quantization = TunedKnob(name: "quantization", role: .quantization, values: [.text("none"), .text("fp8")])
        let grid = TuningGrid(
            knobs: [share, quantization],
            rules: [.fits(.llama70BOnFourH100, longestRequest: 32_000), .approved(.quantization, [.text("none")])])
        #expect(grid.refusal(of: Configuration([share.name: .number(0.9), quantization.name: .text("none")])) == nil)
        let small = grid.refusal(of: Configuration([share.name: .number(0.44), quantization.name: .text("none")]))
        #expect(small?.contains("longest request needs 32000") == true || small?.contains("no room") == true, "\(small ?? "-")")
        #expect(grid.refusal(of: Configuration([share.name: .number(0.9), quantization.name: .text("fp8")]))?.contains("approved") == true)
        #expect(grid.refusal(of: Configuration([share.name: .text("much")])) != nil)
    }

    @Test("without chunked prefill an iteration holds the longest prompt")
    func minimum() {
        var grid = world.grid
        grid.rules.append(.minimum(.batchTokens, 4_096))
        #expect(grid.refusal(of: TuningWorld.configuration(2_048, 64))?.contains("at least 4096") == true)
        #expect(grid.refusal(of: TuningWorld.configuration(4_096, 64)) == nil)
    }
}

@Suite struct FailureLabelsTests {
    private let world = TuningWorld.large
    private let now = Timestamp(secondsSinceEpoch: 1_000)

    private func labels(_ kind: FailureLabels.Kind) -> FailureLabels {
        var labels = FailureLabels()
        labels.record(TuningWorld.configuration(256, 128), changing: [TuningWorld.sequencesKnob], failure: kind, at: now)
        return labels
    }

    @Test("a value that was never tried may be tried, one that crashed an engine may not, and a value beyond it may")
    func crash() {
        let labels = labels(.crash)
        #expect(FailureLabels().refusal(of: TuningWorld.configuration(256, 128), from: world.start, in: world.grid, at: now) == nil)
        #expect(labels.refusal(of: TuningWorld.configuration(512, 128), from: world.start, in: world.grid, at: now) != nil)
        #expect(labels.refusal(of: TuningWorld.configuration(512, 256), from: world.start, in: world.grid, at: now) == nil)
    }

    @Test("what needs more memory than a value that ran out of it is not tried either")
    func outOfMemory() {
        let labels = labels(.outOfMemory)
        #expect(labels.refusal(of: TuningWorld.configuration(256, 256), from: world.start, in: world.grid, at: now) != nil)
        #expect(labels.refusal(of: TuningWorld.configuration(1_024, 64), from: world.start, in: world.grid, at: now) == nil)
    }

    @Test("a failure is forgotten after its half-life, and outweighed by enough trials that went well")
    func forgotten() {
        let later = now.advanced(by: Nanoseconds(seconds: 8 * 86_400))
        #expect(labels(.crash).refusal(of: TuningWorld.configuration(256, 128), from: world.start, in: world.grid, at: later) == nil)
        var tried = labels(.crash)
        for _ in 0..<31 {
            tried.record(TuningWorld.configuration(256, 128), changing: [TuningWorld.sequencesKnob], failure: nil, at: now)
        }
        #expect(tried.refusal(of: TuningWorld.configuration(256, 128), from: world.start, in: world.grid, at: now) == nil)
    }
}
