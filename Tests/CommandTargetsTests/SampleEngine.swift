import Control
import Foundation
public import Policies
import TestSupport
import Transport

@testable import CommandTargets

/// An engine whose settings are files of a folder, changed and read by real scripts.
struct SampleEngine {
    private let owner: TemporaryFolder
    var folder: URL { owner.url }
    var target: Policy.CommandTarget
    var knobs = [
        Knob(name: "slots", domain: .range(min: 1, max: 64, step: 1), place: .parameter(name: "slots"), role: .concurrency)
    ]
    var variables = ["PATH": "/usr/bin:/bin"]
    var client: HTTPClient?

    /// Writes the value of its first argument to the file `slots`, and reads it from there.
    init(set: String = "printf %s \"$1\" > slots", get: String = "printf 'slots=%s\\n' \"$(cat slots)\"", slots: String = "2") throws {
        owner = try TemporaryFolder("engine")
        target = Policy.CommandTarget(
            name: "engine-1", set: .init(.run([]), timeout: .seconds(20)), get: .init(.run([]), timeout: .seconds(20)))
        target.set.action = .run(try script("set", set) + ["{slots}"])
        target.get.action = .run(try script("get", get))
        try write(slots, to: "slots")
    }

    /// The command that runs a script in the folder. The shell is named, so that no program file is written while others are started.
    func script(_ name: String, _ text: String) throws -> [String] {
        try write("cd '\(folder.path)' || exit 9\n\(text)\n", to: name + ".sh")
        return ["/bin/sh", folder.appending(path: name + ".sh").path]
    }

    func write(_ text: String, to name: String) throws { try Data(text.utf8).write(to: folder.appending(path: name)) }
    func read(_ name: String) -> String? { try? String(contentsOf: folder.appending(path: name), encoding: .utf8) }
    var stateDirectory: String { folder.appending(path: "state").path }
    var adjuster: CommandAdjuster {
        CommandAdjuster(target: target, knobs: knobs, stateDirectory: stateDirectory, variables: variables, client: client)
    }

    func order(
        _ from: KnobValue = 2, _ to: KnobValue = 4, _ direction: ChangeOrder.Direction = .forward, id: UUID = SampleEngine.adjustment,
        fence: Int64 = 0
    ) -> ChangeOrder {
        ChangeOrder(
            adjustment: id, policy: "p", direction: direction, knob: knobs[0], from: from, to: to, identity: nil,
            fence: FencingToken(rawValue: fence))
    }

    static let adjustment = UUID(uuidString: "6F9619FF-8B86-4D01-B42D-00CF4FC964FF")!
    static let other = UUID(uuidString: "6F9619FF-8B86-4D01-B42D-00CF4FC964AA")!

    func error(_ order: ChangeOrder) async -> AdjusterError? {
        do throws(AdjusterError) {
            try await adjuster.apply(order)
            return nil
        } catch {
            return error
        }
    }
}

extension KnobValue: ExpressibleByIntegerLiteral {
    public init(integerLiteral value: Int) { self = .integer(value) }
}
