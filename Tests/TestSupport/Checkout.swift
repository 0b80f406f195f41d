internal import Platform

/// The checkout that the tests were built from.
package enum Checkout {
    /// Its top directory.
    package static let root = #filePath.split(separator: "/").dropLast(3).reduce(into: "") { $0 += "/" + $1 }

    /// The version of a tool that the shipped rules take where an app asks for none: `default` in the tool's file of the version index,
    /// by which scripts name the images that tests run in.
    ///
    /// - Throws: where there is no such file.
    package static func standardVersion(of tool: String) throws -> String {
        let text = String(decoding: try Files.read("\(root)/buildpacks/versions/\(tool).yaml"), as: UTF8.self)
        let line = text.split(separator: "\n").first { $0.hasPrefix("default: ") } ?? ""
        return line.dropFirst("default: ".count).filter { $0 != "\"" }
    }
}
