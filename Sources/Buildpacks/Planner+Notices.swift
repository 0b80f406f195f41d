internal import BuildModel

extension Planner {
    /// - Throws: why a plan is refused, if it is.
    func refuse(_ refusal: Rule.Notice) throws {
        switch try detector.all(refusal.when) {
        case .holds(let evidence, let facts):
            let message = try context.template(facts).filled(refusal.message)
            throw BuildFailure.plan(.unsupported, Self.place(evidence) + message)
        case .fails: return
        case .unreadable(let failure): throw failure
        }
    }

    func told(of notice: Rule.Notice) throws -> [String] {
        try (notice.isOfEach ? detector.each(notice.when) : [detector.all(notice.when)]).compactMap { outcome in
            switch outcome {
            case .holds(let evidence, let facts):
                try Self.place(evidence) + context.template(facts).filled(notice.message)
            case .fails: nil
            case .unreadable(let failure): failure.message
            }
        }
    }

    /// `package.json:7: `, the place that a notice is about.
    private static func place(_ evidence: [Evidence]) -> String {
        guard let seen = evidence.first(where: { $0.line != nil }) ?? evidence.first else { return "" }
        return seen.file + (seen.line.map { ":\($0)" } ?? "") + ": "
    }
}
