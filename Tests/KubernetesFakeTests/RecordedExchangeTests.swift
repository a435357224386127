import KubernetesTestSupport
import TestSupport
import Testing

@Suite("Recorded exchanges with a real API server", .enabled(if: SharedData.isPresent, "the recorded exchanges are not here"))
struct RecordedExchangeTests {
    @Test("the fake answers what the real server answered, but for the exchanges listed with their reason")
    func replay() throws {
        let transcripts = try Transcript.all()
        var replay = ExchangeReplay(transcripts)
        var held: [String] = []
        var listed: [String] = []
        for transcript in transcripts {
            if let reason = ExchangeReplay.notHeld[transcript.name] {
                listed.append("\(transcript.name): \(reason)")
                continue
            }
            let differences = replay.differences(in: transcript)
            if differences.isEmpty { held.append(transcript.name) }
            for difference in differences { Issue.record("\(transcript.name) \(difference)") }
        }
        print("\(held.count) recorded exchanges held; not held:\n  " + listed.joined(separator: "\n  "))
        #expect(held.count >= 150)
    }
}
