internal import Platform

/// Files of a working tree.
struct WorkingTree {
    let path: String

    /// Writes a file and makes its parents.
    func write(_ text: String, to name: String) throws {
        let file = "\(path)/\(name)"
        if let slash = file.lastIndex(of: "/") { try Directories.create(String(file[..<slash])) }
        try Files.writeAtomically(Array(text.utf8), to: file)
    }
}
