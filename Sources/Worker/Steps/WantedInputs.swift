internal import BuildModel

/// Which entries of a tree a step sees.
struct WantedInputs {
    enum Verdict { case yes, partly, no }

    /// nil for all.
    private let paths: [[UInt8]]?

    init(_ inputs: StepInputs) {
        switch inputs {
        case .all: paths = nil
        case .paths(let paths): self.paths = paths.map { Array($0.utf8) }
        }
    }

    func judge(_ entry: [UInt8]) -> Verdict {
        guard let paths else { return .yes }
        var verdict = Verdict.no
        for path in paths {
            if entry == path || entry.starts(with: path + [UInt8(ascii: "/")]) { return .yes }
            if path.starts(with: entry + [UInt8(ascii: "/")]) { verdict = .partly }
        }
        return verdict
    }
}
