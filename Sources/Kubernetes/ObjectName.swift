internal import BuildModel
internal import Platform

/// Names of Kubernetes objects that are made from ids of other systems.
enum ObjectName {
    /// Names of pods add 17 bytes to the Deployment's (ReplicaSet hash and suffix); together they stay within a host name's 63.
    static let maximum = 46
    /// RFC 1123, section 2.1: of a label of a host's name.
    static let longestLabel = 63
    private static let hashDigits = 16

    /// A DNS label (RFC 1035, which names of Services need) for a project: the id itself where it is one, else what is
    /// readable of it and a hash of all of it.
    ///
    /// Different ids have different names: an id that looks like a name with a hash gets one of its own.
    static func make(projectID: String) -> String {
        if isLabel(projectID), projectID.utf8.count <= maximum, !looksHashed(projectID, by: "-") { return projectID }
        return hashed(projectID, by: "-")
    }

    /// What stands for a build in names that may have more around it: the id itself where that gives names, else what is readable of it
    /// and a hash of all of it.
    ///
    /// The hash follows an `x`, because ids that end in a `-` and sixteen digits are common.
    ///
    /// - Parameter fits: whether a value gives names.
    static func make(buildID: String, fits: (String) -> Bool) -> String {
        isNamespace(buildID) && !looksHashed(buildID, by: "-x") && fits(buildID) ? buildID : hashed(buildID, by: "-x")
    }

    private static func hashed(_ id: String, by separator: String) -> String {
        var readable = id.lowercased().utf8.map { isAlphanumeric($0) ? Character(UnicodeScalar($0)) : "-" }
        while readable.first == "-" { readable.removeFirst() }
        if readable.first?.isLetter != true { readable = ["p", "-"] + readable }
        readable = Array(readable.prefix(maximum - hashDigits - separator.utf8.count))
        while readable.last == "-" { readable.removeLast() }
        return String(readable) + separator + Digest(of: id).hex.prefix(hashDigits)
    }

    /// Whether `text` is a DNS label of RFC 1035: lower-case letters, digits and `-`, from a letter to a letter or digit.
    static func isLabel(_ text: String) -> Bool {
        guard isNamespace(text), let first = text.utf8.first else { return false }
        return !(48...57).contains(first)
    }

    /// Whether `text` can be a namespace: a DNS label of RFC 1123, which may begin with a digit.
    static func isNamespace(_ text: String) -> Bool {
        guard let first = text.utf8.first, let last = text.utf8.last, text.utf8.count <= longestLabel else {
            return false
        }
        return isAlphanumeric(first) && isAlphanumeric(last)
            && text.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
    }

    private static func looksHashed(_ text: String, by separator: String) -> Bool {
        text.utf8.count > hashDigits && text.dropLast(hashDigits).hasSuffix(separator)
            && text.utf8.suffix(hashDigits).allSatisfy(Hexadecimal.isLowercaseDigit)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (97...122).contains(byte)
    }
}
