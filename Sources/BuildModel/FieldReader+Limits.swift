extension FieldReader {
    /// Limits of steps: an object with the names, units and ranges that rules and `slipway.yaml` have. One that is not known is
    /// refused, for a limit that is misspelt would be none.
    func stepLimits(_ name: String) throws(BuildFailure) -> StepLimits {
        guard let limits = try object(name) else { return StepLimits() }
        if let other = limits.members.keys.sorted().first(where: { !StepLimits.names.contains($0) }) {
            let known = StepLimits.names.joined(separator: ", ")
            throw Self.invalid("\(name).\(other.prefix(64))", "is not known; known here are \(known)")
        }
        return try StepLimits { (name, range) throws(BuildFailure) in try limits.integer(name, in: range) }
    }
}
