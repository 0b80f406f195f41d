import Testing

@testable import Kubernetes

@Suite("The API server's URL")
struct ServerURLTests {
    @Test(
        "a URL of a server is taken, without slashes at its end",
        arguments: [
            ("https://k8s.example.com", "https://k8s.example.com"), ("HTTPS://10.0.0.1:6443/", "https://10.0.0.1:6443"),
            ("https://rancher.example.com/k8s/clusters/c1//", "https://rancher.example.com/k8s/clusters/c1"),
            ("https://[fd00::1]:6443", "https://[fd00::1]:6443"), ("http://127.0.0.1:8001", "http://127.0.0.1:8001"),
            ("http://localhost:8001", "http://localhost:8001"), ("http://[::1]:8001/", "http://[::1]:8001"),
        ]
    )
    func taken(text: String, url: String) {
        #expect(ServerURL.normalized(text) == url)
    }

    @Test(
        "anything else is refused",
        arguments: [
            "", "k8s.example.com", "https://", "https:///path", "ftp://k8s.example.com", "http://k8s.example.com",
            "http://127.0.0.1.example.com", "http://localhost.example.com", "https://user:secret@k8s.example.com",
            "https://k8s.example.com?x=1", "https://k8s.example.com#x", "https://k8s example.com",
            "https://k8s.example.com\r\nX: y", "https://k8s.example.com\\x",
        ]
    )
    func refused(text: String) {
        #expect(ServerURL.normalized(text) == nil)
    }
}
