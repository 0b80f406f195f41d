internal import Glibc
internal import Platform

/// Namespaces of the kernel as `/proc/PID/ns` shows them, such as `net:[4026532000]`: namespaces(7).
package struct Namespaces: Sendable {
    package let names: Set<String>
    /// When that was looked at, in the unit of proc_pid_stat(5). The kernel gives the number of a namespace that is gone to the next that
    /// is made, so that processes that were started later do not count.
    private let time: Int64

    /// Those that the processes whose arguments have `text` are in, and what descends from them, and this process is not.
    package init(ofProcessesWith text: String) throws {
        let all = try Self.processes()
        var family = Set(all.filter { Self.arguments(of: $0).contains(text) })
        while true {
            let children = all.filter { !family.contains($0) && family.contains(Int32(Self.field(1, of: $0))) }
            if children.isEmpty { break }
            family.formUnion(children)
        }
        let found = Set(family.flatMap { Self.targets(in: "/proc/\($0)/ns") })
        names = found.subtracting(Self.targets(in: "/proc/self/ns"))
        time = Self.now
    }

    /// Who keeps some of them now: processes that are in one, or have one open, and mounts that show one.
    package func holders() throws -> [String] {
        var holders: [String] = []
        var seen: Set<String> = []
        for process in try Self.processes() where Self.field(19, of: process) <= time {
            for place in ["ns", "fd"] {
                let held = Self.targets(in: "/proc/\(process)/\(place)").intersection(names)
                if !held.isEmpty { holders.append("\(Self.arguments(of: process)): \(held.sorted())") }
            }
            guard let mounts = Self.target("/proc/\(process)/ns/mnt"), seen.insert(mounts).inserted else { continue }
            holders += Self.lines("/proc/\(process)/mountinfo").filter { line in
                line.contains(" - nsfs ") && names.contains { line.contains($0) }
            }
        }
        return holders
    }

    /// Such as `net`.
    package var kinds: Set<String> { Set(names.compactMap { $0.split(separator: ":").first.map(String.init) }) }

    /// Waits until nobody keeps any of them.
    package func waitUntilGone() async throws {
        do {
            try await eventually("its namespaces are gone") { try holders().isEmpty }
        } catch let failure as NeverHappened {
            throw NeverHappened(description: "\(failure.description): \(try holders())")
        }
    }

    /// Since the system was started.
    private static var now: Int64 {
        var now = timespec()
        clock_gettime(CLOCK_BOOTTIME, &now)
        return (Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000) * Int64(sysconf(Int32(_SC_CLK_TCK))) / 1000
    }

    private static func processes() throws -> [Int32] { try Directories.list("/proc").compactMap { Int32($0) } }

    private static func arguments(of process: Int32) -> String {
        text("/proc/\(process)/cmdline").replacing("\0", with: " ")
    }

    /// A number behind the name, from 0 on: the parent is 1, the start 19. A name may hold anything, so that its last parenthesis is
    /// looked for: proc_pid_stat(5).
    private static func field(_ index: Int, of process: Int32) -> Int64 {
        let words = text("/proc/\(process)/stat").split(separator: ")").last?.split(separator: " ") ?? []
        return words.count > index ? Int64(words[index]) ?? 0 : 0
    }

    private static func lines(_ path: String) -> [String] { text(path).split(separator: "\n").map(String.init) }

    /// What ends meanwhile has nothing.
    private static func text(_ path: String) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { close(file) }
        var bytes: [UInt8] = []
        var room = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = read(file, &room, room.count)
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += room.prefix(count)
        }
    }

    private static func targets(in directory: String) -> Set<String> {
        Set(((try? Directories.list(directory)) ?? []).compactMap { target("\(directory)/\($0)") })
    }

    private static func target(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 256)
        let count = readlink(path, &buffer, 255)
        guard count > 0 else { return nil }
        return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
