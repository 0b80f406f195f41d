internal import Glibc

/// Tells the service manager how the process is doing, over the socket that systemd names in `NOTIFY_SOCKET` (sd_notify(3)).
///
/// Without that variable every call does nothing. The variable is not handed to children: only the worker may speak for itself.
package struct ServiceNotifier: Sendable {
    private let path: String?

    /// Takes `NOTIFY_SOCKET` from the environment and removes it there.
    package init() {
        path = SystemInformation.environment("NOTIFY_SOCKET")
        unsafe unsetenv("NOTIFY_SOCKET")
    }

    /// For tests: a socket given by path; a leading `@` means an abstract one.
    package init(socketPath: String) {
        path = socketPath
    }

    /// The service is up.
    package func ready(status: String) { send("READY=1\nSTATUS=\(status)") }

    /// The service reads its configuration anew; `ready` follows.
    package func reloading() {
        send("RELOADING=1\nMONOTONIC_USEC=\(SystemInformation.monotonicMicroseconds)")
    }

    /// The service is finishing what runs and takes nothing new.
    package func stopping(status: String) { send("STOPPING=1\nSTATUS=\(status)") }

    /// A line for `systemctl status`.
    package func status(_ text: String) { send("STATUS=\(text)") }

    /// Asks for more time to stop.
    package func extendTimeout(by duration: Duration) {
        send("EXTEND_TIMEOUT_USEC=\(duration.milliseconds * 1000)")
    }

    private func send(_ message: String) {
        guard let path else { return }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let name = Array(path.utf8)
        guard name.count < 108 else { return }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { buffer in
            unsafe buffer.copyBytes(from: name)
            if name.first == UInt8(ascii: "@") { unsafe buffer[0] = 0 }
        }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
        let bytes = Array(message.utf8)
        unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                _ = unsafe sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), generic, length)
            }
        }
    }
}
