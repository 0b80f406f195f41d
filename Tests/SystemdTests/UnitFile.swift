import Platform
import TestSupport

/// A unit of the repository, as systemd's own offline tools see it.
struct UnitFile {
    static let directory = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" } + "/systemd"

    let name: String
    let text: String

    init(_ name: String) throws {
        self.name = name
        text = String(decoding: try Files.read("\(Self.directory)/\(name)"), as: UTF8.self)
    }

    private init(name: String, text: String) {
        self.name = name
        self.text = text
    }

    /// The same unit with one text replaced; the text has to be there.
    func replacing(_ old: String, with new: String) throws -> UnitFile {
        let parts = text.components(around: old)
        guard let parts else { throw CommandFailed(description: "\(name) does not have '\(old)'") }
        return UnitFile(name: name, text: parts.before + new + parts.after)
    }

    /// The same unit without any line of a key; it has to have one.
    func removing(_ key: String) throws -> UnitFile {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let kept = lines.filter { !$0.hasPrefix("\(key)=") }
        guard kept.count < lines.count else { throw CommandFailed(description: "\(name) does not have \(key)=") }
        return UnitFile(name: name, text: kept.joined(separator: "\n"))
    }

    /// The values of a key, in order.
    func values(of key: String) -> [String] {
        text.split(separator: "\n").filter { $0.hasPrefix("\(key)=") }.map { String($0.dropFirst(key.utf8.count + 1)) }
    }

    /// What `systemd-analyze verify` says about this unit; it reads other units of the host as well and speaks of them too.
    /// It returns 0 for keys that it does not know, so only its words tell.
    func complaints() async throws -> [String] {
        let scratch = try Scratch()
        let path = try scratch.write(text, to: name)
        let result = try await Command.result(["systemd-analyze", "verify", path])
        let lines = result.errorText.split(separator: "\n").map(String.init).filter { $0.contains(name) }
        return result.succeeded || !lines.isEmpty ? lines : ["status \(result.status): \(result.errorText)"]
    }

    /// How exposed `systemd-analyze security` rates the unit, in tenths of a point; 100 is the worst.
    func exposure() async throws -> Int {
        let scratch = try Scratch()
        let path = try scratch.write(text, to: name)
        let result = try await Command.output(["systemd-analyze", "security", "--offline=true", path])
        let words = result.lines.last { $0.contains("exposure level") }?.split(separator: " ") ?? []
        let digits = words.first { $0.contains(".") && $0.allSatisfy { $0.isNumber || $0 == "." } }
        guard let points = digits.flatMap({ Double($0) }) else {
            throw CommandFailed(description: "systemd-analyze security rated nothing: \(result.errorText)")
        }
        return Int((points * 10).rounded())
    }

    /// A time span of systemd.time(7), in seconds.
    static func seconds(_ span: String) async throws -> Double {
        let result = try await Command.output(["systemd-analyze", "timespan", span])
        let line = result.lines.first { $0.contains("s: ") } ?? ""
        guard let microseconds = line.split(separator: " ").last.flatMap({ Double($0) }) else {
            throw CommandFailed(description: "'\(span)' is no time span: \(result.text)")
        }
        return microseconds / 1_000_000
    }
}

extension String {
    /// The text before and after the first `separator`, or nil.
    fileprivate func components(around separator: String) -> (before: String, after: String)? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(separator) {
                return (String(self[..<start]), String(self[start...].dropFirst(separator.count)))
            }
            start = index(after: start)
        }
        return nil
    }
}
