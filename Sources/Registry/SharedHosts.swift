internal import Platform

/// The ways to hosts that all clients of a process share: how much each host is asked at a time, and what patience it asked for, whoever
/// asks with whichever credentials.
package struct SharedHosts: Sendable {
    let gates = HostGates()
    /// Blobs on their way to or from one registry, from their first request to their last; small requests pass by.
    let bulkSlots = KeyedSlots<String>(width: HostGates.bulkWidth)
    let bounded = BoundedRepositories()

    package init() {}
}
