import Control
import EpisodeStore
import Foundation
import Kubernetes
import Policies

// The production loop of one policy in a process of its own, against a Kubernetes API that a test serves, on a clock that a test turns.
// It writes a line for each commit and each call, and kills itself where it is told to.
//
//     ControllerHelper --server URL --folder DIR --knob argument|replicas --slope NUMBER [--kill before|after:commit|call:NUMBER]
//
// The store and the number of the last tick are in the folder: started again, it goes on.

var options: [String: String] = [:]
var rest = CommandLine.arguments.dropFirst()
while let name = rest.popFirst() {
    guard name.hasPrefix("--"), let value = rest.popFirst() else {
        FileHandle.standardError.write(Data("expected an option with its value, found '\(name)'\n".utf8))
        exit(64)
    }
    options[String(name.dropFirst(2))] = value
}

do {
    try await HelperRun(options).run()
} catch {
    FileHandle.standardError.write(Data("\(error)\n".utf8))
    exit(70)
}
