import Policies

extension Reading.Unknown {
    /// Why there is no figure, as the end of a sentence.
    var text: String {
        switch self {
        case .missing: "no source delivers it"
        case .notReported(let what): "the report does not have it (\(what))"
        case .notFinite(let count): "none of \(FigureText.count(count)) readings is a finite number"
        case .stale(let age): "the newest sample is \(FigureText.duration(age)) old"
        case .tooFewSamples(let have, let need): "\(FigureText.count(have)) samples, \(FigureText.count(need)) needed"
        }
    }
}
