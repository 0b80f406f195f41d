extension [CChar] {
    /// The text before the terminating NUL, ill-formed UTF-8 replaced.
    var text: String {
        String(decoding: prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
