import Documents
import Measurements

/// Reads recorded workloads: the CSV of Azure's LLM inference traces, and the JSON lines of Mooncake's.
///
/// Formats: https://github.com/Azure/AzurePublicDataset (TIMESTAMP,ContextTokens,GeneratedTokens) and
/// https://github.com/kvcache-ai/Mooncake (timestamp in ms, input_length, output_length, hash_ids).
public enum TraceFile {
    /// - Parameter maximumRequests: Read at most; the rest of the file is left.
    /// - Returns: Sorted by time, the first at 0. Requests that say 0 tokens are taken as 1.
    /// - Throws: ``InvalidLoad`` with file and line.
    public static func read(path: String, maximumRequests: Int = 1_000_000) throws -> [TraceRequest] {
        let lines = try LineReader(path: path, maximumLineBytes: 1 << 20)
        var requests: [(time: Nanoseconds, request: TraceRequest)] = []
        var format: Format?
        while requests.count < maximumRequests, let line = try lines.next() {
            let text = line.bytes.allSatisfy { $0 == 0x20 || $0 == 0x09 } ? "" : String(decoding: line.bytes, as: UTF8.self)
            if text.isEmpty && !line.isTooLong { continue }
            if format == nil {
                format = try Format(firstLine: text, path: path)
                if format == .azure { continue }
            }
            let parsed = format == .azure ? azure(text) : mooncake(text)
            guard !line.isTooLong, let parsed else {
                throw InvalidLoad(
                    "\(path):\(line.number): expected a request as \(format?.example ?? ""), found \(line.bytes.count) bytes of another form"
                )
            }
            requests.append(parsed)
        }
        guard !requests.isEmpty else { throw InvalidLoad("\(path): expected at least one request, found none") }
        requests.sort { $0.time < $1.time }
        let start = requests[0].time
        return requests.map { time, request in
            var request = request
            request.offset = time - start
            return request
        }
    }

    private enum Format {
        case azure, mooncake

        init(firstLine: String, path: String) throws(InvalidLoad) {
            if firstLine.hasPrefix("{") {
                self = .mooncake
            } else if firstLine.hasPrefix("TIMESTAMP,") {
                self = .azure
            } else {
                throw InvalidLoad("\(path):1: expected the header TIMESTAMP,ContextTokens,GeneratedTokens or a line of JSON")
            }
        }

        var example: String {
            self == .azure ? "time,input tokens,output tokens" : #"{"timestamp": ms, "input_length": n, "output_length": n}"#
        }
    }

    private static func azure(_ line: String) -> (Nanoseconds, TraceRequest)? {
        let cells = line.split(separator: ",", omittingEmptySubsequences: false)
        guard cells.count >= 3, let time = Timestamp(iso8601: cells[0]), let input = Int(cells[1]), let output = Int(cells[2]) else {
            return nil
        }
        return request(at: Nanoseconds(time.nanosecondsSinceEpoch), input, output, [])
    }

    private static func mooncake(_ line: String) -> (Nanoseconds, TraceRequest)? {
        guard let document = try? JSONDocument.parse(line),  // The caller says where and what was expected.
            case .finite(let milliseconds) = document.number("timestamp"), let input = document.integer("input_length"),
            let output = document.integer("output_length")
        else { return nil }
        let blocks = (document["hash_ids"]?.elements ?? []).compactMap { $0.integer.map(Int.init) }
        return request(at: Nanoseconds(milliseconds: milliseconds), Int(input), Int(output), blocks)
    }

    private static func request(at time: Nanoseconds, _ input: Int, _ output: Int, _ blocks: [Int]) -> (Nanoseconds, TraceRequest)? {
        guard (0...TokenLengths.limits.upperBound).contains(input), (0...TokenLengths.limits.upperBound).contains(output) else {
            return nil
        }
        return (time, TraceRequest(offset: time, inputTokens: max(1, input), outputTokens: max(1, output), prefixBlocks: blocks))
    }
}

/// Reads prompts: JSON lines with `prompt` (or `text`) and perhaps `output_tokens`, or one prompt a line of plain text.
public enum DatasetFile {
    /// - Throws: ``InvalidLoad`` with file and line; the line itself is never quoted.
    public static func read(path: String, maximumPrompts: Int = 1_000_000) throws -> [DatasetPrompt] {
        let lines = try LineReader(path: path, maximumLineBytes: 16 << 20)
        var prompts: [DatasetPrompt] = []
        while prompts.count < maximumPrompts, let line = try lines.next() {
            guard !line.isTooLong else { throw InvalidLoad("\(path):\(line.number): expected a prompt of at most 16 MiB") }
            guard let first = line.bytes.first(where: { $0 != 0x20 && $0 != 0x09 }) else { continue }
            let text = String(decoding: line.bytes, as: UTF8.self)
            guard first == UInt8(ascii: "{") else {
                prompts.append(DatasetPrompt(text: text))
                continue
            }
            let document = try? JSONDocument.parse(text)  // The reason could quote the prompt.
            guard let prompt = document?.text("prompt") ?? document?.text("text") else {
                throw InvalidLoad("\(path):\(line.number): expected a JSON object with the text \"prompt\"")
            }
            let asked = document?.integer("output_tokens").flatMap { Int(exactly: $0) }
            guard asked.map(TokenLengths.limits.contains) ?? (document?.number("output_tokens") ?? .missing).isMissing else {
                throw InvalidLoad("\(path):\(line.number): output_tokens is a whole number in \(TokenLengths.limits)")
            }
            prompts.append(DatasetPrompt(text: prompt, outputTokens: asked))
        }
        guard !prompts.isEmpty else { throw InvalidLoad("\(path): expected at least one prompt, found none") }
        return prompts
    }
}
