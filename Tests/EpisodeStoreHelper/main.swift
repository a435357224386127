import Control
import EpisodeStore
import Foundation
import Learning
import Measurements

// Does to a store, in a process of its own, what a test wants to break off, hold or measure.
// Usage: EpisodeStoreHelper VERB PATH

func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

/// Waits for the end of the input, which comes when the test lets go; or for being killed.
func waitForEnd() { _ = try? FileHandle.standardInput.readToEnd() }  // A broken pipe is an end as well.

/// Begins an import, writes more than SQLite's cache holds, and never finishes it.
func importWithoutEnd(_ path: String) throws {
    let store = try EpisodeStore(path: path)
    _ = try store.importMeasurements { append in
        for index in 0..<50_000 { try append(Samples.measurement(index)) }
        say("ready")
        waitForEnd()
        return Samples.importRecord(digest: "ffff")
    }
}

/// Records cycles until it is killed, a line for each that is committed.
func recordCycles(_ path: String) throws {
    let store = try EpisodeStore(path: path)
    let sample = Samples.cycle()
    for number in UInt32(1)...100_000 {
        var cycle = sample
        cycle.id = Samples.id(number)
        try store.recordCycle(cycle, remembering: true)
        say("\(number)")
    }
}

func hold(_ path: String) throws {
    let store = try EpisodeStore(path: path)
    say("ready")
    waitForEnd()
    withExtendedLifetime(store) {}
}

/// Tries to write and to read as a user without rights.
func attemptUnprivileged(_ path: String) {
    _ = setuid(65_534)  // Refused to anybody but root, who needs it least.
    say(result { _ = try EpisodeStore(path: path) })
    say(result { say("\(try EpisodeStore(readingFrom: path).cycles().count)") })
}

func result(_ work: () throws -> Void) -> String {
    do {
        try work()
        return "done"
    } catch let error as StoreError {
        return error.kind.rawValue
    } catch {
        return "\(error)"
    }
}

/// Prints how fast the store is; for release builds.
func measure(_ path: String) throws {
    let store = try EpisodeStore(path: path)
    let clock = ContinuousClock()
    let rows = 500_000
    let importing = try clock.measure {
        _ = try store.importMeasurements { append in
            for index in 0..<rows { try append(Samples.measurement(index)) }
            return Samples.importRecord()
        }
    }
    say("import: \(Int(Double(rows) / importing.inSeconds)) measurements/s")
    var read = 0
    let exporting = try clock.measure { try store.forEachMeasurement { _ in read += 1 } }
    say("export: \(Int(Double(read) / exporting.inSeconds)) measurements/s")
    let actions = ["noop", "replicas+1", "replicas+2", "maxNumSeqs+1"]
    let writing = try clock.measure {
        for number in UInt32(0)..<100_000 { try store.append(Samples.episode(number, action: actions[Int(number) % 4])) }
    }
    say("episodes: \(Int(100_000 / writing.inSeconds))/s, one transaction each")
    for action in [nil, "replicas+1"] {
        var times: [Double] = []
        for _ in 0..<21 {
            let time = try clock.measure { _ = try store.samples(deployment: "llm/chat-8b", action: action, limit: 2_000) }
            times.append(time.inSeconds * 1_000)
        }
        say("decision query, 2000 episodes, action \(action ?? "any"): median \(times.sorted()[10]) ms")
    }
    let cycle = Samples.cycle()
    let recording = try clock.measure {
        for number in UInt32(0)..<500 {
            var next = cycle
            next.id = Samples.id(number)
            try store.recordCycle(next, remembering: true)
        }
    }
    say("cycles: \(Int(500 / recording.inSeconds))/s")
}

let arguments = CommandLine.arguments
guard arguments.count == 3 else {
    say("usage: EpisodeStoreHelper import|cycles|hold|unprivileged|measure PATH")
    exit(2)
}
switch arguments[1] {
case "import": try importWithoutEnd(arguments[2])
case "cycles": try recordCycles(arguments[2])
case "hold": try hold(arguments[2])
case "unprivileged": attemptUnprivileged(arguments[2])
case "measure": try measure(arguments[2])
default:
    say("no verb '\(arguments[1])'")
    exit(2)
}
