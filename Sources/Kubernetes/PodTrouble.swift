package import BuildModel

/// Why a pod is not ready, as its status says.
package struct PodTrouble: Sendable, Hashable {
    package var pod: String
    /// A word of the cluster such as `ImagePullBackOff`.
    package var reason: String
    /// The cluster's words; may quote what the app's image says, so they are untrusted.
    package var message: String
    /// The container of which a run has ended by itself, and has a log to show.
    package var crashedContainer: String?
    /// Whether that is the run before the one that the container is at, or waits for.
    package var isFormerRun = false

    /// `pod shop-1: ImagePullBackOff: Back-off pulling image`.
    package var words: String {
        "pod \(pod): \(reason)" + (message.isEmpty ? "" : ": \(message)")
    }

    /// The first thing that keeps the pod from being ready; nil if it is ready or nothing is known yet.
    package init?(_ object: JSONValue) {
        guard let name = object["metadata"]?["name"]?.string, let status = object["status"] else { return nil }
        pod = name
        let containers = ["initContainerStatuses", "containerStatuses"].flatMap { status[$0]?.array ?? [] }
        for container in containers {
            guard let found = Self.trouble(in: container) else { continue }
            (reason, message, crashedContainer) = (found.reason, found.message, found.container)
            isFormerRun = container["state"]?["terminated"] == nil
            return
        }
        guard let found = Self.condition(of: status) else { return nil }
        (reason, message) = found
    }

    private typealias Found = (reason: String, message: String, container: String?)

    private static func trouble(in container: JSONValue) -> Found? {
        let name = container["name"]?.string ?? "app"
        let last = container["lastState"]?["terminated"]
        if let waiting = container["state"]?["waiting"], let reason = waiting["reason"]?.string {
            // Every container waits for a moment before it starts.
            guard reason != "ContainerCreating", reason != "PodInitializing" else { return nil }
            let words = [readable(waiting["message"]), last.map(ending) ?? ""].filter { !$0.isEmpty }
            return (reason, words.joined(separator: "; "), last == nil ? nil : name)
        }
        if let ended = container["state"]?["terminated"], ended["reason"]?.string != "Completed" {
            return (ended["reason"]?.string ?? "Terminated", ending(ended), name)
        }
        guard container["state"]?["running"] != nil, container["ready"]?.bool == false else { return nil }
        guard let last else { return ("NotReady", "it runs, and its readiness check does not succeed", nil) }
        return ("Restarted", ending(last), name)
    }

    private static func ending(_ state: JSONValue) -> String {
        let code = state["exitCode"]?.integer.map { "the container ended with exit code \($0)" }
        let reason = state["reason"]?.string.flatMap { $0 == "Error" ? nil : $0 }
        let said = readable(state["message"])
        return [code, reason, said.isEmpty ? nil : said].compactMap { $0 }.joined(separator: ", ")
    }

    private static func condition(of status: JSONValue) -> (String, String)? {
        if status["phase"]?.string == "Failed" {
            return (status["reason"]?.string ?? "Failed", readable(status["message"]))
        }
        let scheduled = status["conditions"]?.array?.first {
            $0["type"]?.string == "PodScheduled" && $0["status"]?.string == "False"
        }
        return scheduled.map { ($0["reason"]?.string ?? "Unschedulable", readable($0["message"])) }
    }

    private static func readable(_ text: JSONValue?) -> String { PlainText.line(text?.string ?? "", limit: 400) }
}

extension PodTrouble {
    /// What it means for the build: whose fault it is, and a code.
    var verdict: (fault: BuildFailure.Fault, code: BuildFailure.Code) {
        switch reason {
        case "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable":
            (.platform, .imagePullFailed)
        case "Unschedulable": (.platform, .unschedulable)
        case "CrashLoopBackOff", "Error", "OOMKilled", "ContainerCannotRun", "StartError", "RunContainerError",
            "Restarted",
            "DeadlineExceeded":
            (.code, .appCrashed)
        case "NotReady", "CreateContainerConfigError": (.code, .rolloutFailed)
        default: (.platform, .rolloutFailed)
        }
    }
}
