import BuildModel
import Documents
import Kubernetes
import Testing

@Suite("Manifests are pure functions of the intent")
struct ManifestsTests {
    private static let metadata = """
        {
          "name": "shop", "namespace": "demo",
          "labels": {
            "deployment": "d1", "platform": "slipway", "app.kubernetes.io/name": "shop",
            "app.kubernetes.io/instance": "shop", "app.kubernetes.io/managed-by": "slipway", "slipway/project": "shop"
          },
          "annotations": {
            "slipway/project": "shop", "slipway/build": "d1", "slipway/epoch": "7", "slipway/queued-at": "1000",
            "slipway/revision": "\(Sample.commit)"
          }
        }
        """

    private static let deployment = """
        {
          "apiVersion": "apps/v1", "kind": "Deployment", "metadata": \(metadata),
          "spec": {
            "progressDeadlineSeconds": 300,
            "selector": {"matchLabels": {"app.kubernetes.io/name": "shop", "app.kubernetes.io/instance": "shop"}},
            "template": {
              "metadata": {"labels": {
                "deployment": "d1", "platform": "slipway", "app.kubernetes.io/name": "shop",
                "app.kubernetes.io/instance": "shop", "app.kubernetes.io/managed-by": "slipway", "slipway/project": "shop"
              }},
              "spec": {
                "automountServiceAccountToken": false, "enableServiceLinks": false,
                "containers": [{
                  "name": "app",
                  "image": "registry.example.com/apps/shop@\(Sample.digest("a"))",
                  "ports": [{"name": "http", "containerPort": 3000, "protocol": "TCP"}],
                  "env": [{"name": "PORT", "value": "3000"}],
                  "livenessProbe": {
                    "httpGet": {"path": "/health", "port": "http"},
                    "initialDelaySeconds": 30, "periodSeconds": 10, "timeoutSeconds": 5, "failureThreshold": 3
                  },
                  "readinessProbe": {
                    "httpGet": {"path": "/ready", "port": "http"},
                    "initialDelaySeconds": 1, "periodSeconds": 10, "timeoutSeconds": 5, "failureThreshold": 3
                  },
                  "resources": {
                    "requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"cpu": "500m", "memory": "512Mi"}
                  },
                  "securityContext": {
                    "runAsNonRoot": true, "allowPrivilegeEscalation": false,
                    "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]},
                    "seccompProfile": {"type": "RuntimeDefault"}
                  }
                }]
              }
            }
          }
        }
        """

    private static let service = """
        {
          "apiVersion": "v1", "kind": "Service", "metadata": \(metadata),
          "spec": {
            "selector": {"app.kubernetes.io/name": "shop", "app.kubernetes.io/instance": "shop"},
            "ports": [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": "http"}]
          }
        }
        """

    @Test("the Deployment is exactly this")
    func goldenDeployment() throws {
        let expected = try JSONDocument.parse(Self.deployment)
        #expect(Manifests.deployment(try Sample.intent()).prettyText == expected.prettyText)
    }

    @Test("the Service is exactly this")
    func goldenService() throws {
        let expected = try JSONDocument.parse(Self.service)
        #expect(Manifests.service(try Sample.intent()).prettyText == expected.prettyText)
    }

    private func container(_ request: BuildRequest) throws -> JSONValue? {
        Manifests.deployment(try Sample.intent(request))["spec"]?["template"]?["spec"]?["containers"]?.array?.first
    }

    @Test("variables are sorted by their bytes, PORT is there once, and values arrive as they were written")
    func variables() throws {
        let request = Sample.request {
            $0.port = 8080
            $0.environmentVariables = [
                "b": "$(PORT)", "B": "$$", "A": "$5 for $HOME$", "PORT": "1", "_x": "", "Z": "ä\n\"\\",
            ]
        }
        let expected: JSONValue = [
            ["name": "A", "value": "$5 for $HOME$"], ["name": "B", "value": "$$$$"], ["name": "PORT", "value": "8080"],
            ["name": "Z", "value": "ä\n\"\\"], ["name": "_x", "value": ""], ["name": "b", "value": "$$(PORT)"],
        ]
        #expect(try container(request)?["env"] == expected)
    }

    @Test("the selector does not depend on the build")
    func selector() throws {
        let first = Manifests.deployment(try Sample.intent(Sample.request(deployment: "d1")))
        let second = Manifests.deployment(try Sample.intent(Sample.request(deployment: "d2"), image: "c", epoch: 8))
        #expect(first["spec"]?["selector"] == second["spec"]?["selector"])
        #expect(first["spec"]?["template"] != second["spec"]?["template"])
    }

    @Test("ids that no label can have are hashed in labels and whole in annotations")
    func oddIDs() throws {
        let long = "dep:" + String(repeating: "9", count: 100)
        let manifest = Manifests.deployment(try Sample.intent(Sample.request(project: "Team:Shop", deployment: long)))
        let metadata = manifest["metadata"]
        #expect(metadata?["annotations"]?["slipway/build"]?.string == long)
        #expect(metadata?["annotations"]?["slipway/project"]?.string == "Team:Shop")
        #expect(metadata?["labels"]?["deployment"]?.string?.utf8.count == 63)
        #expect(metadata?["name"]?.string?.hasPrefix("team-shop-") == true)
    }

    @Test("the operator's labels are added and cannot replace Slipway's own")
    func labels() throws {
        let settings = DeployerSettings(
            platform: "acme",
            labels: ["team": "web", "platform": "other", "app.kubernetes.io/name": "other"]
        )
        let labels = Manifests.service(try Sample.intent(settings: settings))["metadata"]?["labels"]
        #expect(labels?["team"] == "web")
        #expect(labels?["platform"] == "acme")
        #expect(labels?["app.kubernetes.io/name"] == "shop")
    }
}
