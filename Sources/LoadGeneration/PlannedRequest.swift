/// A request as a workload wants it, before it is sent.
public struct PlannedRequest: Sendable, Hashable {
    /// A message of the conversation so far.
    public struct Message: Sendable, Hashable {
        public enum Role: String, Sendable, Hashable, CaseIterable {
            case system, user, assistant
        }
        public var role: Role
        public var text: String

        public init(_ role: Role, _ text: String) {
            self.role = role
            self.text = text
        }
    }

    /// Counts the requests of a run from 0, in the order in which they were planned.
    public var number: Int
    public var scenario: String
    public var messages: [Message]
    /// About as many tokens as the messages hold.
    public var inputTokens: Int
    /// Asked for at most.
    public var outputTokens: Int
    /// Of requests that follow each other's answers; `nil` where it stands alone.
    public var session: SessionTurn?

    public init(
        number: Int, scenario: String = "default", messages: [Message], inputTokens: Int, outputTokens: Int, session: SessionTurn? = nil
    ) {
        self.number = number
        self.scenario = scenario
        self.messages = messages
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.session = session
    }
}

/// The place of a request in a conversation.
public struct SessionTurn: Sendable, Hashable {
    /// Counts the sessions of a run from 0.
    public var session: Int
    /// From 0.
    public var turn: Int
    public var isLast: Bool

    public init(session: Int, turn: Int, isLast: Bool) {
        self.session = session
        self.turn = turn
        self.isLast = isLast
    }
}
