internal import BuildModel
internal import Platform

/// The directories of a base image in a file: a line for each, and the digest of them all at the end, so that what is torn or
/// damaged counts as lacking.
enum BaseIndexFile {
    private static let mark = "slipway-base-1\n"

    static func bytes(_ directories: BaseDirectories) -> [UInt8] {
        var text = mark
        let sorted = directories.places.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        for (path, place) in sorted { text += line(path, place) + "\n" }
        return Array((text + Digest(of: text).hex).utf8)
    }

    /// Reads what `bytes` wrote; nil if it is something else.
    static func directories(_ bytes: [UInt8]) -> BaseDirectories? {
        let mark = Array(Self.mark.utf8)
        let text = bytes.dropLast(64)
        guard text.starts(with: mark), Digest(of: Array(text)).hex.utf8.elementsEqual(bytes.suffix(64)) else {
            return nil
        }
        var places: [[UInt8]: BaseDirectories.Place] = [:]
        // Bytes, not characters: this is read by each build that has nothing else to do.
        for line in text.dropFirst(mark.count).split(separator: UInt8(ascii: "\n")) {
            let words = line.split(separator: UInt8(ascii: " "))
            guard words.count > 1, let path = Hexadecimal.decode(words[1]), let place = place(words) else { return nil }
            places[path] = place
        }
        return BaseDirectories(places)
    }

    private static func line(_ path: [UInt8], _ place: BaseDirectories.Place) -> String {
        let path = Hexadecimal.encode(path)
        switch place {
        case .link(let target): return "l \(path) \(Hexadecimal.encode(target))"
        case .directory(let header):
            let attributes = header.attributes.map { attribute in
                " \(Hexadecimal.encode(Array(attribute.name.utf8))):\(Hexadecimal.encode(attribute.value))"
            }
            return "d \(path) \(header.mode) \(header.user) \(header.group) \(header.seconds) \(header.nanoseconds)"
                + attributes.joined()
        }
    }

    private static func place(_ words: [ArraySlice<UInt8>]) -> BaseDirectories.Place? {
        if words[0].elementsEqual("l".utf8) {
            // A link to nothing has no third word.
            return (words.count > 2 ? Hexadecimal.decode(words[2]) : []).map(BaseDirectories.Place.link)
        }
        guard words[0].elementsEqual("d".utf8), words.count >= 7, let mode: UInt32 = number(words[2]),
            let user: UInt32 = number(words[3]), let group: UInt32 = number(words[4]),
            let seconds: Int64 = number(words[5]), let nanoseconds: Int64 = number(words[6])
        else { return nil }
        var attributes: [DirectoryHeader.Attribute] = []
        for word in words.dropFirst(7) {
            let parts = word.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
            guard parts.count == 2, let name = Hexadecimal.decode(parts[0]), let value = Hexadecimal.decode(parts[1])
            else { return nil }
            attributes.append(.init(name: String(decoding: name, as: UTF8.self), value: value))
        }
        return .directory(
            DirectoryHeader(
                mode: mode,
                user: user,
                group: group,
                seconds: seconds,
                nanoseconds: nanoseconds,
                attributes: attributes
            )
        )
    }

    private static func number<Number: FixedWidthInteger>(_ digits: ArraySlice<UInt8>) -> Number? {
        Number(String(decoding: digits, as: UTF8.self))
    }
}
