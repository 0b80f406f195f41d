import BuildModel
import Documents
import Platform
import TestSupport

extension Effect {
    /// The Deployments of a namespace that were made or applied, as the API server's audit log tells: each carries its build and epoch.
    static func deployments(_ cluster: KubernetesServer, in namespace: String) throws -> [Effect] {
        let text = String(decoding: try Files.read(cluster.auditFile, limit: 1 << 30), as: UTF8.self)
        let lines = text.split(separator: "\n").filter { $0.contains(namespace) }
        return lines.compactMap { Effect(auditLine: $0, namespace) }
    }

    init?(auditLine line: Substring, _ namespace: String) {
        guard let entry = try? JSONDocument.parse(String(line)), entry["objectRef"]?["resource"] == "deployments",
            entry["objectRef"]?["namespace"]?.string == namespace,
            let status = entry["responseStatus"]?["code"]?.integer, (200..<300).contains(status),
            let notes = entry["requestObject"]?["metadata"]?["annotations"],
            let build = notes["slipway/build"]?.string, let epoch = notes["slipway/epoch"]?.string,
            let began = entry["requestReceivedTimestamp"]?.string.flatMap(ServerTime.milliseconds),
            let ended = entry["stageTimestamp"]?.string.flatMap(ServerTime.milliseconds)
        else { return nil }
        self.init(kind: .deployment, build: build, epoch: Int64(epoch), began: began, ended: ended)
    }
}
