import Control
import Documents
import Learning
import Policies
import Testing

@testable import Kubernetes

@Suite struct ArgumentPatchTests {
    static let slots = SampleWorkload.knob(
        .containerArgument(container: "vllm", flag: "--max-num-seqs"), values: [.integer(64), .integer(128)])
    static let share = SampleWorkload.knob(
        .containerArgument(container: "vllm", flag: "--gpu-memory-utilization"), values: [.number(0.9), .number(0.95)])
    static let caching = SampleWorkload.knob(
        .containerArgument(container: "vllm", flag: "--enable-prefix-caching"), values: [.flag(false), .flag(true)])

    @Test(
        "a flag is changed where it stands, in the form it has there, and taken back to the byte",
        arguments: [
            (#"args: ["--a", "--max-num-seqs=64"]"#, #"["--a","--max-num-seqs=128"]"#),
            (#"args: ["--max-num-seqs", "64", "--b=1"]"#, #"["--max-num-seqs","128","--b=1"]"#),
            (#"args: ["--max-num-seqs=32", "--max-num-seqs=64"]"#, #"["--max-num-seqs=32","--max-num-seqs=128"]"#),
            (#"args: ["--a"]"#, #"["--a","--max-num-seqs=128"]"#),
            (#"command: ["vllm", "serve"]"#, #"["--max-num-seqs=128"]"#),
            (#"command: ["vllm", "serve"], args: []"#, #"["--max-num-seqs=128"]"#),
        ])
    func replaced(container: String, expected: String) throws {
        let workload = try SampleWorkload(container)
        let result = try workload.changed(Self.slots, .integer(64), .integer(128))
        #expect(result.changed.value(at: "/spec/template/spec/containers/1/args")?.json == expected)
        #expect(result.undone == workload.document)
    }

    @Test("a flag among the words of the command is changed there")
    func inCommand() throws {
        let workload = try SampleWorkload(#"command: ["vllm", "serve", "m", "--max-num-seqs", "64"], args: ["--b"]"#)
        #expect(workload.manifest.text(of: Self.slots) == "64")
        let result = try workload.changed(Self.slots, .integer(64), .integer(128))
        #expect(result.changed.value(at: "/spec/template/spec/containers/1/command/4") == .string("128"))
        #expect(result.undone == workload.document)
    }

    @Test(
        "the old words come back as they were written: 0.90, not 0.9",
        arguments: [#""--gpu-memory-utilization=0.90""#, #""--gpu-memory-utilization", "0.90""#])
    func asWritten(words: String) throws {
        let workload = try SampleWorkload("args: [\(words)]")
        let result = try workload.changed(Self.share, .number(0.9), .number(0.95))
        #expect(result.changed != workload.document && result.undone == workload.document)
    }

    @Test("a switch is a word of its own: added, taken away, and put back in its place")
    func switches() throws {
        let on = try SampleWorkload(#"args: ["--a", "--enable-prefix-caching", "--b=1"]"#)
        #expect(on.manifest.text(of: Self.caching) == "true")
        let off = try on.changed(Self.caching, .flag(true), .flag(false))
        #expect(off.changed.value(at: "/spec/template/spec/containers/1/args")?.json == #"["--a","--b=1"]"#)
        #expect(off.undone == on.document)

        let absent = try SampleWorkload(#"args: ["--a"]"#)
        let added = try absent.changed(Self.caching, .flag(false), .flag(true))
        #expect(added.changed.value(at: "/spec/template/spec/containers/1/args/1") == .string("--enable-prefix-caching"))
        #expect(added.undone == absent.document)
        #expect(absent.refusal(Self.caching, .flag(true), .flag(false))?.contains("name the flag that turns it off") == true)
        let alone = try SampleWorkload(#"args: ["--enable-prefix-caching"]"#)
        #expect(alone.refusal(Self.caching, .flag(true), .flag(false))?.contains("all that the list holds") == true)
    }

    @Test("the flag behind a flag without a value is not its value")
    func noValue() throws {
        let workload = try SampleWorkload(#"args: ["--max-num-seqs", "--model=m"]"#)
        #expect(workload.manifest.text(of: Self.slots) == "true")
        #expect(workload.refusal(Self.slots, .flag(true), .integer(128))?.contains("stands without a value") == true)
        let negative = try SampleWorkload(#"args: ["--max-num-seqs", "-1"]"#)
        #expect(negative.manifest.text(of: Self.slots) == "-1")
    }

    @Test(
        "inside of a shell script a flag is read, and never patched",
        arguments: [
            #"command: ["/bin/sh", "-c"], args: ["vllm serve m --max-num-seqs 64 \\\n --b"]"#,
            #"command: ["bash", "-lc", "exec vllm serve --max-num-seqs=64"]"#,
        ])
    func script(container: String) throws {
        let workload = try SampleWorkload(container)
        #expect(workload.manifest.text(of: Self.slots) == "64")
        #expect(workload.refusal(Self.slots, .integer(64), .integer(128))?.contains("runs a shell script") == true)
    }

    @Test("arguments of the image are not replaced by the one flag", arguments: ["", "args: []"])
    func imageArguments(container: String) throws {
        let refusal = try SampleWorkload(container).refusal(Self.slots, .integer(64), .integer(128))
        #expect(refusal?.contains("would replace those of its image") == true)
    }

    @Test("a patch, and its undoing, is refused where somebody else changed the words in the meantime")
    func guarded() throws {
        let workload = try SampleWorkload(#"args: ["--max-num-seqs=64", "--enable-prefix-caching"]"#)
        let other = try SampleWorkload(#"args: ["--max-num-seqs=256", "--enable-prefix-caching"]"#).document
        let pair = try workload.builder.pair(SampleWorkload.change(.integer(64), .integer(128)), of: Self.slots)
        #expect(throws: JSONPatchApplier.Refused.self) { try SampleWorkload.apply(pair.apply, to: other) }
        #expect(throws: JSONPatchApplier.Refused.self) { try SampleWorkload.apply(pair.undo, to: other) }
        let off = try workload.builder.pair(SampleWorkload.change(.flag(true), .flag(false)), of: Self.caching)
        #expect(throws: JSONPatchApplier.Refused.self) { try SampleWorkload.apply(off.undo, to: other) }
    }

    @Test("without the manifest an argument has no exact patch, and the cure is named")
    func cure() throws {
        let builder = PatchBuilder(target: try SampleWorkload().target)
        let error = #expect(throws: NoPatch.self) {
            try builder.pair(SampleWorkload.change(.integer(64), .integer(128)), of: Self.slots)
        }
        #expect(error?.description.contains("kubectl get deployment chat-8b -n llm -o yaml") == true)
    }

    @Test("a change that starts from another value than the manifest's is refused with both")
    func otherStart() throws {
        let refusal = try SampleWorkload(#"args: ["--max-num-seqs=256"]"#).refusal(Self.slots, .integer(64), .integer(128))
        #expect(refusal == "the manifest says k is 256, and the change starts from 64")
    }
}
