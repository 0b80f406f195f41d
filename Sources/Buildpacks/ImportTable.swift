/// What a language's sources import, and which packages that is: for an app beside which no list of packages lies. Only names that are
/// written here are ever installed, since anybody may give any other name to a package.
struct ImportTable: Sendable, Hashable {
    /// What has to hold, before anything is taken from imports.
    var when: [Predicate]
    /// Sources that are looked at.
    var files: [GlobPattern]
    /// Sources that do not count.
    var except: [GlobPattern]
    /// Forms of lines, and of parts of lines between commas and semicolons; `<*>` is what is imported, or a list of that between commas.
    var like: [GlobPattern]
    /// What a module's file is called beyond the module's name, such as `.py`.
    var ending: String
    /// Modules that the language has itself.
    var own: Set<String>
    /// Packages by the module that is imported.
    var packages: [String: String]
}
