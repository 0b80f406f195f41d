internal import Platform

/// Times as servers write them into their logs.
package enum ServerTime {
    /// Milliseconds since 1970 of a time of today or, shortly after midnight, of yesterday; RFC 3339 with a fraction, in UTC.
    package static func milliseconds(_ text: String) -> Int64? {
        guard let clock = text.split(separator: "T").last?.split(separator: "Z").first else { return nil }
        let parts = clock.split(separator: ":")
        guard parts.count == 3, let hours = Double(parts[0]), let minutes = Double(parts[1]),
            let seconds = Double(parts[2])
        else { return nil }
        let now = SystemInformation.currentMilliseconds
        let time = now - now % 86_400_000 + Int64((hours * 3600 + minutes * 60 + seconds) * 1000)
        return time > now + 3_600_000 ? time - 86_400_000 : time
    }
}
