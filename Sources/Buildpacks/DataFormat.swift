internal import BuildModel
internal import Documents

/// A format of files that values are read from, known by the file's name.
enum DataFormat: String {
    case json = "JSON"
    case toml = "TOML"
    case yaml = "YAML"
    case xml = "XML"

    /// Endings of names by format; names without one are listed whole.
    private static let endings: [String: DataFormat] = [
        "json": .json, "jsonc": .json, "json5": .json, "lock.json": .json, "toml": .toml, "Pipfile": .toml,
        "Cargo.lock": .toml, "uv.lock": .toml, "poetry.lock": .toml, "pdm.lock": .toml, "yaml": .yaml, "yml": .yaml,
        "xml": .xml, "csproj": .xml, "fsproj": .xml, "vbproj": .xml, "props": .xml, "slnx": .xml,
        "composer.lock": .json, "cabal.project": .yaml,
    ]

    init?(_ path: String) {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        let ending = name.split(separator: ".").last.map(String.init) ?? ""
        guard let format = Self.endings[name] ?? Self.endings[ending] else { return nil }
        self = format
    }

    /// Files whose tools allow comments, whatever their ending says.
    private static let commented = [
        ".jsonc", ".json5", "deno.json", "turbo.json", "nx.json", "global.json", "angular.json",
    ]

    /// The values as nodes, or a failure that names the place.
    func parse(_ bytes: [UInt8], path: String) -> Result<YAMLNode, BuildFailure> {
        do {
            switch self {
            case .yaml:
                // Others' files may have several documents, of which the first counts; the app's own has one.
                let isOwn = path.split(separator: "/").last.map(String.init) == AppSettings.fileName
                return .success(
                    try isOwn ? YAMLDocument.parse(bytes, name: path) : YAMLDocument.parseFirst(bytes, name: path)
                )
            case .json:
                return .success(try JSONNodes.parse(bytes, isRelaxed: Self.commented.contains(where: path.hasSuffix)))
            case .toml: return .success(try TOMLNodes.parse(bytes))
            case .xml: return .success(try XMLNodes.parse(bytes))
            }
        } catch let problem as JSONNodes.Problem {
            let place = "\(path):\(problem.line):\(problem.column)"
            return .failure(.plan(.invalidManifest, "\(place): this is not valid \(rawValue): \(problem.reason)."))
        } catch let failure as BuildFailure {
            return .failure(.plan(.invalidManifest, failure.message))
        } catch {
            return .failure(.plan(.invalidManifest, "\(path) cannot be read."))
        }
    }
}
