internal import Glibc
internal import Platform
internal import Synchronization

/// The user namespace that a program which is not root goes on in: it is root there, with this user's subordinate ids behind it. What
/// root does with files of images and steps then needs no other way: unpacking, reading changes, removing.
package enum WorkerNamespace {
    private static let variable = "SLIPWAY_NAMESPACE"
    private static let success = "entered"
    private static let words = Mutex<String?>(nil)

    /// Why this process could not go into a namespace, in the helper's words; nil if it is in one, or never tried.
    package static var failure: String? { words.withLock { $0 } }

    /// Starts this program again, in this very process, as root of a namespace of its own. Returns where there is nothing to do: for
    /// root, for a user without subordinate ids, and when this was tried before. To be called before anything else.
    ///
    /// - Parameter helper: the path of `slipway-sandbox`; nil for the one beside this program.
    package static func enter(helper: String? = nil) {
        if let outcome = SystemInformation.environment(variable) {
            unsafe unsetenv(variable)
            words.withLock { $0 = outcome == success ? nil : outcome }
            return
        }
        guard ProcessRights.current == .user, let range = SubordinateIDs.ofThisUser() else { return }
        let candidates = helper.map { [$0] } ?? SandboxNode.usualHelpers
        guard let program = SandboxNode.ownPath,
            let helper = candidates.first(where: { unsafe access($0, X_OK) == 0 })
        else { return }
        let ids = "\(range.start) \(IdentityRanges.width)"
        let arguments =
            [helper, "enter", "\(geteuid()) \(ids)", "\(getegid()) \(ids)", program] + CommandLine.arguments
        let pointers = unsafe arguments.map { unsafe strdup($0) } + [nil]
        unsafe execv(helper, pointers)
        // The helper cannot be started: steps cannot be run either, and everything else goes on.
        words.withLock { $0 = "\(helper) cannot be started: \(SystemInformation.words(ofError: errno))" }
        unsafe pointers.forEach { unsafe free($0) }
    }
}
