/// A point in time as RFC 3339 text in UTC, from arithmetic alone: no locale, no time zone database.
package enum Timestamp {
    /// `2026-11-23`, the day in UTC.
    package static var today: String { String(text(seconds: SystemInformation.currentMilliseconds / 1000).prefix(10)) }

    /// `2026-11-23T08:15:30Z`.
    ///
    /// - Parameter seconds: since 1970.
    package static func text(seconds: Int64) -> String {
        let (days, rest) = floored(seconds, by: 86400)
        let date = civilDate(days: days)
        return "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))T"
            + "\(padded(rest / 3600, 2)):\(padded(rest / 60 % 60, 2)):\(padded(rest % 60, 2))Z"
    }

    /// `2026-11-23T08:15:30.123Z`.
    ///
    /// - Parameter milliseconds: since 1970.
    package static func text(milliseconds: Int64) -> String {
        let (seconds, rest) = floored(milliseconds, by: 1000)
        return text(seconds: seconds).dropLast() + ".\(padded(rest, 3))Z"
    }

    /// Quotient and remainder, the latter never negative; for every number, the lowest too.
    private static func floored(_ number: Int64, by divisor: Int64) -> (Int64, Int64) {
        let (quotient, rest) = number.quotientAndRemainder(dividingBy: divisor)
        return rest < 0 ? (quotient - 1, rest + divisor) : (quotient, rest)
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// The Gregorian date of a day counted from 1970-01-01, by eras of 400 years that begin in March.
    private static func civilDate(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    }
}
