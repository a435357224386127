import Policies
import Testing

@Suite struct PlaceholderTextTests {
    @Test(
        "a name in braces is a placeholder, and every other brace is a brace",
        arguments: [
            ("{slots}", ["slots"]), ("--slots={slots}", ["slots"]), ("{\"slots\": {slots}}", ["slots"]),
            ("{a}{b-1}{c.d}", ["a", "b-1", "c.d"]),
            ("{}", []), ("{ a }", []), ("{a", []), ("a}", []), ("{{a}}", ["a"]), ("{-a}", []), ("{ä}", []), ("", []), ("${a}", ["a"]),
        ])
    func finds(text: String, names: [String]) {
        let template = PlaceholderText(text)
        #expect(template.placeholders == names)
        #expect(template.filled { name, _ in "{\(name)}" } == text)
    }

    @Test("tells the inside of a JSON string from the outside")
    func quotes() {
        let template = PlaceholderText(#"{"a": {x}, "b{x}": "say \"{x}\" \\", "c": {x}}"#)
        #expect(template.filled { _, isQuoted in isQuoted ? "Q" : "V" } == #"{"a": V, "bQ": "say \"Q\" \\", "c": V}"#)
    }

    @Test("a value that looks like a placeholder is not looked at again")
    func once() {
        #expect(PlaceholderText("{a} {b}").filled { name, _ in name == "a" ? "{b}" : "2" } == "{b} 2")
    }
}
