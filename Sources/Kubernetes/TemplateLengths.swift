internal import BuildModel

/// Finds names and labels of a template that come out too long for some projects or builds, before the first of those is deployed.
struct TemplateLengths {
    /// For names; the same number holds for values of labels.
    private static let maximum = ObjectName.longestLabel

    /// In bytes, of variables whose values have a bound.
    private let longest: [String: Int]

    /// - Parameters:
    ///   - namespace: its length in bytes.
    ///   - platform: the length of the label's value in bytes.
    init(namespace: Int, platform: Int) {
        longest = [
            "name": ObjectName.maximum, "deploymentName": ObjectName.maximum, "project": LabelValue.maximum,
            "deployment": LabelValue.maximum, "port": 5, "namespace": namespace, "platform": platform,
        ]
    }

    /// - Throws: `BuildFailure` that names the template, the value and its variables.
    func check(_ objects: [TemplateObject], _ origin: String) throws(BuildFailure) {
        for object in objects {
            for (place, node) in places(of: object.content) where length(of: node) > Self.maximum {
                let variables = node.variables.sorted().map { "${\($0)} may have \(longest[$0] ?? 0)" }
                throw TemplateCompiler(origin: origin).invalid(
                    object.line,
                    "can make \(place) of a \(object.kind.rawValue) \(length(of: node)) bytes long, and \(Self.maximum) are the most: "
                        + variables.joined(separator: ", ")
                )
            }
        }
    }

    private func length(of node: TemplateNode) -> Int {
        switch node {
        case .variable(let name): longest[name] ?? 0
        case .text(let pieces):
            pieces.reduce(0) { sum, piece in
                switch piece {
                case .literal(let text): sum + text.utf8.count
                case .variable(let name): sum + (longest[name] ?? 0)
                }
            }
        case .constant(let value): value.string?.utf8.count ?? 0
        case .list, .object: 0
        }
    }

    /// What has a bound, with words for where it is.
    private func places(of object: TemplateNode) -> [(String, TemplateNode)] {
        let (spec, pods) = (object["spec"], object["spec"]?["template"])
        var places = object["metadata"]?["name"].map { [("metadata.name", $0)] } ?? []
        places += members(of: object["metadata"]?["labels"], "the label")
        places += members(of: spec?["selector"]?["matchLabels"] ?? spec?["selector"], "the selector's")
        places += members(of: pods?["metadata"]?["labels"], "the pods' label")
        for kind in ["containers", "initContainers"] {
            guard case .list(let containers)? = pods?["spec"]?[kind] else { continue }
            places += containers.compactMap { container in container["name"].map { ("a container's name", $0) } }
        }
        return places
    }

    private func members(of node: TemplateNode?, _ place: String) -> [(String, TemplateNode)] {
        guard case .object(let members)? = node else { return [] }
        return members.sorted { $0.key < $1.key }.map { ("\(place) '\($0.key)'", $0.value) }
    }
}
