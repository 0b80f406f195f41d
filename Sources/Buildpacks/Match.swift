internal import BuildModel

/// What came of one rule: the best way of detecting that held, or why none did.
struct Match {
    let context: RuleContext
    var rule: Rule { context.rule }
    /// 0 if none held.
    var score = 0
    var evidence: [Evidence] = []
    var facts: [String: String] = [:]
    /// Why each way that did not hold did not.
    var reasons: [String] = []
    /// The highest score that a file which cannot be read stands in the way of, and why it cannot.
    var obstacle: (score: Int, failure: BuildFailure)?

    init(_ context: RuleContext) throws {
        self.context = context
        let detector = Detector(context)
        for detection in context.rule.detections where detection.score > score {
            switch try detector.all(detection.when) {
            case .holds(let evidence, let facts):
                score = detection.score
                self.evidence = evidence
                self.facts = facts
                let template = context.template(facts)
                for (name, value) in detection.facts { self.facts[name] = try template.filled(value) }
            case .fails(let reason):
                if !reasons.contains(reason) { reasons.append(reason) }
            case .unreadable(let failure):
                if detection.score > obstacle?.score ?? 0 { obstacle = (detection.score, failure) }
            }
        }
    }

    /// Higher scores first, then names.
    static func ranks(_ first: Match, before second: Match) -> Bool {
        first.score != second.score
            ? first.score > second.score : first.rule.identity.name < second.rule.identity.name
    }

    /// The candidate of a plan.
    func candidate(winner: Match?) -> RuleCandidate {
        RuleCandidate(language: rule.language, score: score, evidence: evidence, reason: reason(winner: winner))
    }

    private func reason(winner: Match?) -> String {
        guard score > 0, let winner else {
            let causes = reasons + (obstacle.map { [$0.failure.message] } ?? [])
            return "Did not match: " + causes.map(Self.withoutStop).joined(separator: "; ") + "."
        }
        let seen = evidence.first.map { "\($0.file)" + ($0.line.map { ":\($0)" } ?? "") } ?? "what is not there"
        if rule.identity == winner.rule.identity { return "Won with score \(score), because of \(seen)." }
        let winnerName = winner.rule.identity.name
        if score == winner.score {
            return "Matched because of \(seen), as good as \(winnerName) with score \(score); names decide."
        }
        return "Matched because of \(seen), but its score \(score) is less than the \(winner.score) of \(winnerName)."
    }

    private static func withoutStop(_ text: String) -> String { text.hasSuffix(".") ? String(text.dropLast()) : text }
}
