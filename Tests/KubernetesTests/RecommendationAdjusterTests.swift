import Control
import Documents
import Foundation
import Kubernetes
import Learning
import Policies
import TestSupport
import Testing

@Suite struct RecommendationAdjusterTests {
    static let knob = Knob(
        name: "batchSize", domain: .range(min: 1, max: 64, step: 1), place: .environment(container: "vllm", name: "BATCH_SIZE"),
        role: .batchSize)
    private let owner: TemporaryFolder
    var folder: URL { owner.url.appending(path: "out") }
    let id = UUID(uuidString: "6F9619FF-8B86-4D01-B42D-00CF4FC964FF")!

    init() throws { owner = try TemporaryFolder("recommendations") }

    func order(_ direction: ChangeOrder.Direction = .forward) -> ChangeOrder {
        ChangeOrder(
            adjustment: id, policy: "llm/chat", direction: direction, knob: Self.knob, from: .integer(8), to: .integer(16), identity: nil,
            fence: FencingToken(rawValue: 0))
    }

    func text(_ name: String) throws -> String { try String(contentsOf: folder.appending(path: "llm_chat/\(name)"), encoding: .utf8) }
    var name: String { id.uuidString.lowercased() }

    @Test("writes the change and the exact patches of both directions, and never takes it for done")
    func writes() async throws {
        let workload = try SampleWorkload(#"env: [{name: BATCH_SIZE, value: "8"}]"#)
        var policy = Policy(name: "llm/chat", target: .kubernetes(workload.target))
        policy.knobs = [Self.knob]
        let adjuster = RecommendationAdjuster(policy: policy, directory: folder.path, manifest: workload.manifest)
        for _ in 0..<2 {
            await #expect { try await adjuster.apply(order()) } throws: {
                if case AdjusterError.outcomeUnknown = $0 { true } else { false }
            }
        }
        let pair = try PatchBuilder(target: workload.target, manifest: workload.manifest).pair(
            Candidate(knob: "batchSize", role: .batchSize, from: .integer(8), to: .integer(16), step: 1), of: Self.knob)
        #expect(try text("\(name).patch.json") == pair.apply.body + "\n")
        #expect(try text("\(name).undo.patch.json") == pair.undo.body + "\n")
        let document = try JSONDocument.parse(try text("\(name).json"))
        #expect(document.text("knob") == "batchSize" && document.integer("from") == 8 && document.integer("to") == 16)
        #expect(document.text("apply", "command") == pair.apply.command && document.text("undo", "path") == pair.undo.path)
        let seen = try await adjuster.observe()
        #expect(seen.values["batchSize"]?.value == .integer(8) && seen.mark == nil)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["llm_chat"])
    }

    @Test("where no patch is exact it says why, and writes none")
    func noPatch() async throws {
        let adjuster = RecommendationAdjuster(policy: Policy(name: "llm/chat"), directory: folder.path)
        await #expect(throws: AdjusterError.self) { try await adjuster.apply(order()) }
        #expect(try text("\(name).json").contains("the policy's target is no Kubernetes workload"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "llm_chat").path) == ["\(name).json"])
        await #expect(throws: AdjusterError.self) { try await adjuster.observe() }
    }

    @Test("a folder that cannot be written is said, and nothing is claimed")
    func unwritable() async throws {
        let adjuster = RecommendationAdjuster(policy: Policy(name: "p"), directory: "/proc/nowhere")
        await #expect { try await adjuster.apply(order()) } throws: { if case AdjusterError.unreachable = $0 { true } else { false } }
    }
}
