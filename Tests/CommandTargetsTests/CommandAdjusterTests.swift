import Control
import Foundation
import Policies
import Testing

@testable import CommandTargets

@Suite struct CommandAdjusterTests {
    @Test("changes the setting, bears the mark until it is taken off, and reads back")
    func change() async throws {
        let engine = try SampleEngine()
        #expect(try await engine.adjuster.observe().values["slots"] == KnobState(2, origin: .live))
        try await engine.adjuster.rehearse(engine.order())
        #expect(engine.read("slots") == "2", "a rehearsal changes nothing")
        try await engine.adjuster.apply(engine.order(fence: 3))
        let seen = try await engine.adjuster.observe()
        #expect(seen.values["slots"]?.value == 4 && seen.rollout == .settled)
        #expect(seen.mark == AdjustmentMark(adjustment: SampleEngine.adjustment, policy: "p", knob: "slots", from: 2, to: 4))
        try await engine.adjuster.unmark(SampleEngine.other, fence: FencingToken(rawValue: 3))
        #expect(try await engine.adjuster.observe().mark != nil, "another adjustment's mark is left alone")
        try await engine.adjuster.unmark(SampleEngine.adjustment, fence: FencingToken(rawValue: 3))
        #expect(try await engine.adjuster.observe().mark == nil)
    }

    @Test("the same order again changes nothing, and back takes the mark off")
    func repeated() async throws {
        let engine = try SampleEngine(set: "printf x >> calls; printf %s \"$1\" > slots")
        for _ in 0..<3 { try await engine.adjuster.apply(engine.order()) }
        #expect(engine.read("calls") == "x")
        for _ in 0..<2 {
            let error = await engine.error(engine.order(4, 2, .back))
            #expect(error == nil || engine.read("calls") == "xx")
        }
        #expect(engine.read("slots") == "2" && engine.read("calls") == "xx")
        #expect(try await engine.adjuster.observe().mark == nil)
    }

    @Test("a change that was kept and unmarked can still be taken back")
    func takenBackLater() async throws {
        let engine = try SampleEngine()
        try await engine.adjuster.apply(engine.order())
        try await engine.adjuster.unmark(SampleEngine.adjustment, fence: FencingToken(rawValue: 0))
        try await engine.adjuster.apply(engine.order(4, 2, .back))
        #expect(engine.read("slots") == "2")
    }

    @Test("takes back with its own command where there is one")
    func undo() async throws {
        var engine = try SampleEngine()
        engine.target.undo = .init(
            .run(try engine.script("undo", "echo \"$1\" > undone; printf 2 > slots") + ["{slots}"]), timeout: .seconds(20))
        try await engine.adjuster.apply(engine.order())
        try await engine.adjuster.apply(engine.order(4, 2, .back))
        #expect(engine.read("undone") == "2\n" && engine.read("slots") == "2")
    }

    @Test("yields to another's change and says what is in force")
    func changedByAnother() async throws {
        let engine = try SampleEngine(slots: "7")
        guard case .changedByAnother(let found, _)? = await engine.error(engine.order()) else { return #expect(Bool(false)) }
        #expect(found == 7 && engine.read("slots") == "7")
        #expect(try await engine.adjuster.observe().mark == nil)
    }

    @Test("the writes of an older term are refused; those of no term are not fenced")
    func fenced() async throws {
        let engine = try SampleEngine()
        try await engine.adjuster.apply(engine.order(fence: 5))
        guard case .fenced? = await engine.error(engine.order(4, 2, .back, fence: 4)) else { return #expect(Bool(false)) }
        await #expect(throws: AdjusterError.fenced("term 5 has written to engine-1, and this is term 4")) {
            try await engine.adjuster.unmark(SampleEngine.adjustment, fence: FencingToken(rawValue: 4))
        }
        #expect(engine.read("slots") == "4")
        try await engine.adjuster.apply(engine.order(4, 2, .back))
        #expect(engine.read("slots") == "2")
    }

    @Test("two controllers on one machine take turns")
    func locked() async throws {
        let engine = try SampleEngine()
        try FileManager.default.createDirectory(atPath: engine.stateDirectory, withIntermediateDirectories: true)
        var lock = try TargetLock(engine.adjuster.file)
        #expect(lock != nil)
        guard case .conflict? = await engine.error(engine.order()) else { return #expect(Bool(false)) }
        lock = nil
        #expect(await engine.error(engine.order()) == nil)
    }

    @Test(
        "what set says is held against what is in force",
        arguments: [
            ("echo 'no room' >&2; exit 3", "refused", "ended with status 3: no room", "2", false),
            ("printf 4 > slots; exit 1", "outcomeUnknown", "slots is 4, although", "4", true),
            ("true", "outcomeUnknown", "is still 2 and should be 4", "2", true),
            ("printf 9 > slots", "changedByAnother", "is 9 after it was set from 2 to 4", "9", true),
            ("printf x > slots", "changedByAnother", "is x after it was set", "x", true),
            ("rm slots", "outcomeUnknown", "could not be read back", nil, true),
            ("kill -9 $$", "outcomeUnknown", "was killed by signal 9", "2", true),
            ("printf 4 > slots; kill -9 $$", "", "", "4", true),
        ] as [(String, String, String, String?, Bool)])
    func readBack(set: String, sort: String, text: String, slots: String?, isMarked: Bool) async throws {
        let engine = try SampleEngine(set: set, get: "printf 'slots=%s' \"$(cat slots)\"; test -e slots")
        let error = await engine.error(engine.order())
        #expect("\(error.map { "\($0)" } ?? "")".hasPrefix(sort) && (error == nil) == sort.isEmpty, "\(String(describing: error))")
        #expect(error.map { "\($0)".contains(text) } ?? true, "\(String(describing: error))")
        #expect(engine.read("slots") == slots)
        #expect((try engine.adjuster.file.read().mark != nil) == isMarked)
    }

    @Test("a program that is not there is refused, before and when it is called, and leaves no mark")
    func missing() async throws {
        var engine = try SampleEngine()
        engine.target.set.action = .run(["/nonexistent/tool", "{slots}"])
        await #expect(throws: AdjusterError.refused("/nonexistent/tool is no program that may be started here")) {
            try await engine.adjuster.rehearse(engine.order())
        }
        #expect(await engine.error(engine.order()) == .refused("'set': /nonexistent/tool cannot be started: No such file or directory"))
        #expect(try await engine.adjuster.observe().mark == nil)
    }

    @Test("a damaged record is neither believed nor overwritten", arguments: ["", "{\"fence\"", "[]", "{\"mark\": 3, \"fence\": 1}"])
    func damaged(text: String) async throws {
        let engine = try SampleEngine()
        try FileManager.default.createDirectory(atPath: engine.stateDirectory, withIntermediateDirectories: true)
        try engine.write(text, to: "state/engine-1.json")
        guard case .refused(let why)? = await engine.error(engine.order()) else { return #expect(Bool(false)) }
        #expect(why.contains("is damaged"))
        await #expect(throws: AdjusterError.self) { try await engine.adjuster.observe() }
        #expect(engine.read("slots") == "2" && engine.read("state/engine-1.json") == text)
    }

    @Test("what an interrupted write left behind is in nobody's way")
    func leftover() async throws {
        let engine = try SampleEngine()
        try FileManager.default.createDirectory(atPath: engine.stateDirectory, withIntermediateDirectories: true)
        try engine.write("{\"fen", to: "state/engine-1.json.new")
        #expect(await engine.error(engine.order()) == nil)
        #expect(try await engine.adjuster.observe().mark?.to == 4)
    }

    @Test("is not ready until the engine says so")
    func ready() async throws {
        var engine = try SampleEngine()
        engine.target.ready = .init(.run(try engine.script("ready", "test -e up || { echo loading >&2; exit 1; }")), timeout: .seconds(20))
        guard case .progressing(let why) = try await engine.adjuster.observe().rollout else { return #expect(Bool(false)) }
        #expect(why.contains("loading"))
        try engine.write("", to: "up")
        #expect(try await engine.adjuster.observe().rollout == .settled)
    }

    @Test(
        "reads settings as JSON and as lines, in the policy's own types",
        arguments: [
            ("echo '{\"slots\": 4, \"other\": [1]}'", 4), ("echo '{\"slots\": \"4\"}'", 4), ("echo '{\"slots\": 4.0}'", 4),
            ("echo; echo ' slots = 4 '", 4), ("echo a=b=c; echo slots=4", 4), ("echo '{\"slots\": null}'", nil), ("echo other=1", nil),
        ] as [(String, KnobValue?)])
    func settings(get: String, value: KnobValue?) async throws {
        let engine = try SampleEngine(get: get)
        #expect(try await engine.adjuster.observe().values["slots"]?.value == value)
        withExtendedLifetime(engine) {}
    }

    @Test(
        "what cannot be read is not known",
        arguments: ["echo '{\"slots\": 4'", "echo slots", "printf '\\377=1'", "exit 2", "head -c 100000 /dev/zero | tr '\\0' x"])
    func unreadable(get: String) async throws {
        let engine = try SampleEngine(get: get)
        guard case .unreachable? = await engine.error(engine.order()) else { return #expect(Bool(false)) }
        #expect(try engine.adjuster.file.read() == .blank)
    }
}
