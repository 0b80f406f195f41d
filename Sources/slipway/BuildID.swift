import Platform

/// Ids for builds that nobody has named.
enum BuildID {
    /// Sorts by time and never repeats: milliseconds and 64 random bits.
    static func make() -> String {
        let random = String(UInt64.random(in: 0 ... .max), radix: 16)
        return "b\(SystemInformation.currentMilliseconds)-\(String(repeating: "0", count: 16 - random.count))\(random)"
    }
}
