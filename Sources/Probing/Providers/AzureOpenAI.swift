/// Azure OpenAI: `POST {endpoint}/openai/deployments/{deployment}/chat/completions?api-version=…`, the key in `api-key`.
///
/// The format is OpenAI's; it could not be tried against the real service. Its first event carries no choices but the results of a
/// filter on the prompt, which are no content.
public struct AzureOpenAI: StreamingProvider {
    /// The name of the deployment, in the place of a model.
    public let deployment: String
    public let apiVersion: String

    public static let defaultVersion = "2024-10-21"

    public init(deployment: String, apiVersion: String = defaultVersion) {
        self.deployment = deployment
        self.apiVersion = apiVersion
    }

    public var name: String { "azure-openai" }
    public var format: AnswerFormat { .openAIChat }

    public func request(_ prompt: Prompt, key: String?) -> ProviderRequest {
        let dialect = OpenAIChat.Dialect(name: name, tokenLimit: "max_completion_tokens", hasSamplingExtensions: false)
        let body = OpenAIChat(model: deployment, dialect: dialect).body(prompt)
        return ProviderRequest(
            path: "/openai/deployments/\(percentEncoded(deployment))/chat/completions?api-version=\(percentEncoded(apiVersion))",
            headers: key.map { [.init("api-key", $0)] } ?? [], body: body.bytes)
    }
}

/// A text as one part of a path or of a query (RFC 3986 §2.3).
func percentEncoded(_ text: String) -> String {
    text.utf8.reduce(into: "") { result, byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
            result.unicodeScalars.append(Unicode.Scalar(byte))
        default: result += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
        }
    }
}
