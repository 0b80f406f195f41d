internal import BuildModel

extension HTTPRequest {
    /// Refuses what would let a value break out of its header line.
    ///
    /// - Throws: `BuildFailure` with code `invalid_url` or `invalid_header`, naming the field but not its value.
    func check() throws(BuildFailure) -> HTTPURL {
        let url = try HTTPURL(parsing: url)
        for field in headers.fields {
            let isName =
                !field.name.isEmpty && field.name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != 0x3a && $0 != 0x3b }
            let isValue = field.value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }
            guard isName, isValue else {
                throw BuildFailure(
                    .platform,
                    BuildFailure.Code(rawValue: "invalid_header"),
                    operation: "http.request",
                    message: "The header '\(isName ? field.name : "")' for \(url.authority) has a character that "
                        + "a header cannot have, such as a line end."
                )
            }
        }
        return url
    }

    /// Bytes of the body.
    var bodySize: Int64 {
        switch body {
        case .none: 0
        case .bytes(let bytes): Int64(bytes.count)
        case .content(let content): content.size
        }
    }
}
