internal import HTTPTransport

/// When and how long to wait before a request is sent again.
enum Retry {
    /// Tries of one request in all.
    static let attempts = 5
    private static let longest = Duration.seconds(30)
    /// A registry may ask for more patience than our own, up to here.
    private static let longestAsked = Duration.seconds(300)

    /// Whether an answer with this status may be another one later.
    static func isTemporary(_ status: Int) -> Bool {
        [408, 429, 500, 502, 503, 504, 499, 522].contains(status)
    }

    /// The same, by what the registry says: some say that they are busy with a status of another meaning.
    static func isTemporary(_ status: Int, _ errors: [RegistryError]) -> Bool {
        if isTemporary(status) { return true }
        // Another writer of the same thing, which will be done soon.
        if status == 409 { return true }
        guard status >= 400, ![401, 403, 413].contains(status) else { return false }
        return errors.contains { ["TOOMANYREQUESTS", "UNAVAILABLE", "UNKNOWN"].contains($0.code) }
    }

    /// Whether the registry says that it is asked too often, or too much for now.
    static func asksForPatience(_ status: Int, _ errors: [RegistryError]) -> Bool {
        status == 429 || status == 503 || (status >= 400 && errors.contains { $0.code == "TOOMANYREQUESTS" })
    }

    /// Whether an answer shuts its host for all requests, not only for the one that it answers.
    static func closesGate(_ response: HTTPResponse, _ errors: [RegistryError]) -> Bool {
        if asksForPatience(response.status, errors) { return true }
        return isTemporary(response.status) && asked(by: response, now: 0) != nil
    }

    /// The wait after a try: a random part of `first` doubled with each, so that many workers do not come back together.
    ///
    /// - Parameter attempt: 1 after the first try.
    static func delay(after attempt: Int, first: Duration) -> Duration {
        let full = min(longest, first * (1 << min(attempt - 1, 10)))
        return full * Double.random(in: 0...1)
    }

    /// What `Retry-After` asks for: seconds or a date. RFC 9110, section 10.2.3.
    ///
    /// - Parameter now: seconds since 1970.
    static func asked(by response: HTTPResponse, now: Int64) -> Duration? {
        guard let value = response.headers["Retry-After"] else { return nil }
        guard let seconds = Int64(value) ?? seconds(ofDate: value).map({ $0 - now }) else { return nil }
        return min(longestAsked, .seconds(max(0, seconds)))
    }

    /// Seconds since 1970 of an HTTP date in its one current form: `Sun, 06 Nov 1994 08:49:37 GMT`.
    private static func seconds(ofDate text: String) -> Int64? {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let words = text.split(separator: " ")
        guard words.count == 6, let day = Int64(words[1]), let month = months.firstIndex(of: String(words[2])),
            let year = Int64(words[3]), (1970...9999).contains(year), (1...31).contains(day)
        else { return nil }
        let clock = words[4].split(separator: ":").compactMap { Int64($0) }
        guard clock.count == 3, clock.allSatisfy({ (0...60).contains($0) }) else { return nil }
        return days(year, Int64(month) + 1, day) * 86400 + clock[0] * 3600 + clock[1] * 60 + clock[2]
    }

    /// Days since 1970-01-01, counted in years that begin in March so that the leap day is the last.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let marchMonth = (month + 9) % 12
        return 365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + (153 * marchMonth + 2) / 5 + day - 1
            - 719_468
    }
}
