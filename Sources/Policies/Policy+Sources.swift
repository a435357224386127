/// What a policy measures.
extension Policy {
    public struct Monitor: Sendable, Codable, Hashable {
        /// Time between two evaluations.
        public var interval: Duration
        /// A reading older than this is stale; three intervals unless told.
        public var staleAfter: Duration
        public var sources: [Source]

        public init() {
            interval = .seconds(15)
            staleAfter = .seconds(45)
            sources = []
        }

        /// Whether every single request that is seen is one of our own: how long requests take is known then, how many there are is not.
        public var seesProbesOnly: Bool {
            var probes = false
            for source in sources {
                switch source.kind {
                case .probe: probes = true
                case .importFiles: return false
                case .prometheus, .scrape: continue
                }
            }
            return probes
        }

        /// Of all probes together.
        public var probesPerSecond: Double {
            sources.reduce(0) { sum, source in
                if case .probe(let probe) = source.kind { sum + probe.rate } else { sum }
            }
        }
    }

    /// Where measurements come from.
    public struct Source: Sendable, Codable, Hashable {
        public var name: String
        public var kind: Kind

        public enum Kind: Sendable, Codable, Hashable {
            case probe(Probe)
            case prometheus(Prometheus)
            case scrape(Scrape)
            case importFiles(paths: [String])
        }

        /// A live streaming probe. The key is read from the environment variable or file named here, never from the policy.
        public struct Probe: Sendable, Codable, Hashable {
            /// The interfaces that probes speak.
            public static let providers = [
                "openai", "openai-completions", "openai-responses", "azure-openai", "anthropic", "gemini", "cohere", "together",
                "openrouter", "vllm", "sglang", "tgi", "llama.cpp",
            ]

            public var endpoint: String
            public var provider: String
            public var model: String
            /// Requests per second.
            public var rate: Double
            /// Of prompts and answers, at most; `nil` leaves it to the rate.
            public var tokensPerHour: Int?
            public var keyFromEnvironment: String?
            public var keyFromFile: String?

            public init(endpoint: String, provider: String, model: String, rate: Double) {
                self.endpoint = endpoint
                self.provider = provider
                self.model = model
                self.rate = rate
            }
        }

        public struct Prometheus: Sendable, Codable, Hashable {
            public var url: String
            public var preset: String?
            /// Label matchers added to every query of the preset.
            public var selector: [String: String]
            /// Own PromQL by signal name.
            public var queries: [String: String]
            public var login: Login?

            public init(url: String, preset: String? = nil, selector: [String: String] = [:], queries: [String: String] = [:]) {
                self.url = url
                self.preset = preset
                self.selector = selector
                self.queries = queries
            }
        }

        /// The metrics pages of an engine's replicas, read without a Prometheus server between.
        public struct Scrape: Sendable, Codable, Hashable {
            /// One a replica.
            public var urls: [String]
            public var preset: String
            /// Series without these labels are passed over.
            public var selector: [String: String]
            public var login: Login?

            public init(urls: [String], preset: String, selector: [String: String] = [:]) {
                self.urls = urls
                self.preset = preset
                self.selector = selector
            }
        }

        /// Where the secret is that a server of metrics asks for; the secret itself never stands in a policy.
        public struct Login: Sendable, Codable, Hashable {
            /// With a user the secret is a password, without one a bearer token.
            public var user: String?
            public var place: Place

            public enum Place: Sendable, Codable, Hashable {
                case environment(String)
                case file(String)
            }

            public init(user: String? = nil, place: Place) {
                self.user = user
                self.place = place
            }
        }

        public init(name: String, kind: Kind) {
            self.name = name
            self.kind = kind
        }
    }
}
