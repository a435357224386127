extension Policy {
    /// An engine outside Kubernetes that is changed and read by commands, or by HTTP requests, of the operator's own.
    ///
    /// `{knob}` in an argument or in the body of a request stands for the value of that knob. Commands are started without a shell, so that
    /// a value is never more than a part of the argument it stands in.
    public struct CommandTarget: Sendable, Codable, Hashable {
        /// What events and reports call it; also names its state file.
        public var name: String
        /// Puts values in force; names every knob of the policy.
        public var set: CommandStep
        /// Tells the values in force: a JSON object such as `{"slots": 4}`, or lines such as `slots=4`.
        public var get: CommandStep
        /// Succeeds when the engine runs with the values in force; `nil` where they are in force at once.
        public var ready: CommandStep?
        /// Takes a change back where that is not the same as setting the old value.
        public var undo: CommandStep?
        /// Names of environment variables that commands get beside PATH, HOME and LANG.
        public var environment: [String]

        public init(name: String, set: CommandStep, get: CommandStep) {
            self.name = name
            self.set = set
            self.get = get
            environment = []
        }
    }

    /// One command or request of a command target.
    public struct CommandStep: Sendable, Codable, Hashable {
        public var action: Action
        /// After this long it is ended, and what it did is not known.
        public var timeout: Duration

        public enum Action: Sendable, Codable, Hashable {
            /// A program by its absolute path, and its arguments.
            case run([String])
            case http(HTTPRequest)
        }

        /// A request with a JSON body, or none.
        public struct HTTPRequest: Sendable, Codable, Hashable {
            public var method: Method
            public var url: String
            public var body: String?

            public enum Method: String, Sendable, Codable, Hashable, CaseIterable {
                case get = "GET"
                case put = "PUT"
                case post = "POST"
                case patch = "PATCH"
            }

            public init(method: Method, url: String, body: String? = nil) {
                self.method = method
                self.url = url
                self.body = body
            }
        }

        public init(_ action: Action, timeout: Duration) {
            self.action = action
            self.timeout = timeout
        }
    }
}

extension Policy.CommandStep {
    /// The texts in which placeholders count, in their order.
    public var templates: [PlaceholderText] {
        switch action {
        case .run(let words): words.map { PlaceholderText($0) }
        case .http(let request): request.body.map { [PlaceholderText($0)] } ?? []
        }
    }
}
