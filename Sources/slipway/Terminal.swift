import BuildModel
import Platform

/// Whether and how to use colour on one of the standard descriptors.
struct Terminal {
    let usesColor: Bool
    let isInteractive: Bool

    /// Colour needs a terminal that can, and nobody who asked for none (no-color.org).
    init(descriptor: Int32) {
        isInteractive = SystemInformation.isTerminal(descriptor) && SystemInformation.environment("TERM") != "dumb"
        usesColor = isInteractive && SystemInformation.environment("NO_COLOR") == nil
    }

    func styled(_ text: String, _ code: String) -> String {
        usesColor ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }

    /// A state in its colour.
    func styled(_ state: BuildState) -> String {
        switch state {
        case .pending, .building, .deploying: styled(state.rawValue, "36")
        case .success: styled(state.rawValue, "32")
        case .failed: styled(state.rawValue, "31")
        case .cancelled: styled(state.rawValue, "33")
        }
    }
}
