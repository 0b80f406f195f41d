internal import BuildModel

extension BuildFailure.Code {
    /// No rule knows the source.
    static let nothingDetected = Self(rawValue: "nothing_detected")
    /// The source or request needs what this version cannot do.
    static let unsupported = Self(rawValue: "unsupported")
    /// A rule file is wrong: the operator's affair.
    static let invalidRule = Self(rawValue: "invalid_rule")
    /// A file of the source that a rule needs cannot be understood.
    static let invalidManifest = Self(rawValue: "invalid_manifest")
    /// A rule matched, but nothing says how to start.
    static let noStartCommand = Self(rawValue: "no_start_command")
    /// A plan that is to be made again would be another.
    static let lockMismatch = Self(rawValue: "lock_mismatch")
    /// A start command cannot be understood.
    static let invalidStartCommand = Self(rawValue: "invalid_start_command")
}

extension BuildFailure {
    /// A failure of detecting or planning that the person with the source has to act on.
    static func plan(_ code: Code, _ message: String, cause: String? = nil) -> BuildFailure {
        BuildFailure(.code, code, operation: "plan", message: message, cause: cause)
    }

    /// What is wrong with a rule file, with its place.
    static func rule(_ file: String, line: Int, _ message: String) -> BuildFailure {
        BuildFailure(.platform, .invalidRule, operation: "rules.load", message: "\(file):\(line): \(message)")
    }
}
