extension SettingKey {
    /// The image, the registries it comes from and goes to, and the cluster.
    static let targets: [SettingKey] = [
        SettingKey(
            "image.platform",
            .text(.platform),
            or: "this node's",
            example: "linux/amd64",
            "The platform that images are made for."
        ),
        SettingKey(
            "layers.compression",
            .choice(["fast", "balanced", "small"]),
            default: "balanced",
            "How hard layers are compressed. Another word makes other digests of the same source."
        ),
        SettingKey(
            "layers.maximum",
            .integer(1...100, unit: "layers"),
            default: "10",
            "How many layers the source of an app may become, so that a change makes and uploads a part of it."
        ),
        SettingKey(
            "layers.threads",
            .integer(0...256, unit: "threads; 0 is one per core"),
            default: "0",
            "How many threads compress. Digests do not depend on it."
        ),
        SettingKey(
            "layers.memberBytes",
            .integer(0...1_099_511_627_776, unit: "bytes; 0 keeps none"),
            default: "4294967296",
            "How much disk compressed parts of layers may take in cacheDirectory, so that a change compresses only what it touches."
        ),
        SettingKey(
            "layers.attributes",
            .choice(["tell", "refuse"]),
            default: "tell",
            "What happens when '.gitattributes' asks for filters (or for Git LFS, where git.lfs keeps pointers), export-subst, ident or other encodings, which layers do not apply: a line in the build's log, or a failed build."
        ),
        SettingKey(
            "registries.push",
            .text(.repositoryPrefix),
            default: "127.0.0.1:5000/apps",
            "Where images go when the request does not say: <push>/<projectId>:<deploymentId>."
        ),
        SettingKey(
            "registries.zstd",
            .list(.repositoryPrefix),
            or: "none",
            example: "registry.example.org/apps",
            "Where images go whose layers are packed by zstd instead of gzip: smaller, faster to pack and to pull, and refused by what is older than containerd 1.5, CRI-O 1.20 or podman 3."
        ),
        SettingKey(
            "registries.openImages",
            .list(.repositoryPrefix),
            or: "none",
            example: "registry.example.org/bases",
            "Images that any slipway.yaml may name although only the worker's credentials can read them, or their registry is none of the internet. All others that it names are pulled without credentials and from addresses of the internet alone, and those below registries.push never."
        ),
        SettingKey(
            "registries.mirrors",
            .lists(.repositoryPrefix),
            or: "none",
            example: "docker.io=127.0.0.1:5000,docker.io=mirror.example.org/hub",
            "Places that are asked first for images of a registry, in this order."
        ),
        SettingKey(
            "registries.layouts",
            .list(.path),
            or: "base-images in cacheDirectory",
            example: "/var/cache/slipway/base-images",
            "OCI image layouts, directories or archives in one tar file, that are looked at for base images before any registry."
        ),
        SettingKey(
            "registries.plainHTTP",
            .list(.host),
            or: "loopback only",
            example: "registry.internal:5000",
            "Registries that are spoken to without TLS."
        ),
        SettingKey(
            "registries.certificateAuthorityFiles",
            .map(.path),
            or: "the system's authorities",
            example: "registry.internal=/etc/slipway/registry-ca.pem",
            "Certificate authorities (PEM) to trust, by registry."
        ),
        SettingKey(
            "registries.credentials",
            .credentials,
            or: "anonymous",
            example: "registry.example.org=slipway:/etc/slipway/registry-password",
            isSecretFile: true,
            "Who the worker is at registries that ask."
        ),
        SettingKey(
            "registries.credentialFiles",
            .list(.path),
            or: "$REGISTRY_AUTH_FILE, podman's auth.json, docker's config.json",
            example: "/etc/slipway/registry-auth.json",
            isSecretFile: true,
            "Files in the form of docker's config.json, with helpers, for registries that registries.credentials does not name."
        ),
        SettingKey(
            "registries.clientCertificateFiles",
            .map(.path),
            or: "none",
            example: "registry.internal=/etc/slipway/registry-client.pem",
            isSecretFile: true,
            "What the worker shows to registries that ask for a certificate: PEM files with certificate, chain and key."
        ),
        SettingKey(
            "registries.insecure",
            .list(.host),
            or: "none",
            example: "registry.internal:5000",
            "Registries whose certificate is not checked. Use registries.certificateAuthorityFiles instead where that is possible."
        ),
        SettingKey(
            "registries.hiddenTLS",
            .list(.host),
            or: "none",
            example: "registry.example.org",
            "Registries behind a proxy that ends TLS without telling them: the http in their answers means https."
        ),
        SettingKey(
            "registries.chunkBytes",
            .map(.byteCount),
            or: "whole blobs, or what was learned of the host",
            example: "registry.example.org=95000000",
            "The most bytes that one request of an upload may have, by registry: for proxies that limit the size of requests."
        ),
        SettingKey(
            "kubernetes.enabled",
            .choice(["auto", "true", "false"]),
            default: "auto",
            "Whether images are handed to a cluster; auto is yes if kubeconfig is set. true without kubeconfig: that of the "
                + "variable KUBECONFIG, else the cluster that the worker runs in, else that of ~/.kube/config."
        ),
        SettingKey(
            "kubernetes.kubeconfig",
            .text(.path),
            or: "no cluster",
            example: "/etc/slipway/kubeconfig",
            isSecretFile: true,
            "The kubeconfig of the cluster."
        ),
        SettingKey(
            "kubernetes.context",
            .text(.any),
            or: "the kubeconfig's current context",
            example: "production",
            "The context of the kubeconfig to use."
        ),
        SettingKey(
            "kubernetes.namespace",
            .text(.dnsLabel),
            or: "that of the kubeconfig's context or of the worker's pod, else default",
            example: "apps",
            "The namespace that apps are put into."
        ),
        SettingKey(
            "kubernetes.template",
            .text(.path),
            or: "one Deployment and Service for each project",
            example: "/etc/slipway/kubernetes/build.yaml",
            "A template of what is applied; config/kubernetes/templates has two, docs/operations.md the variables."
        ),
        SettingKey(
            "kubernetes.platform",
            .text(.name),
            default: "slipway",
            "The value of the label 'platform' on everything that is applied."
        ),
        SettingKey(
            "kubernetes.rolloutSeconds",
            .integer(1...86400, unit: "seconds"),
            default: "600",
            "How long a rollout may take at most before it counts as failed."
        ),
        SettingKey(
            "kubernetes.progressSeconds",
            .integer(1...86400, unit: "seconds"),
            default: "300",
            "How long a rollout may go without progress before the cluster calls it failed (progressDeadlineSeconds)."
        ),
        SettingKey(
            "kubernetes.rollBack",
            .bool,
            default: "true",
            "Whether a rollout that failed brings the last good build back."
        ),
        SettingKey(
            "kubernetes.prune",
            .bool,
            default: "false",
            "Whether objects of a project are deleted that a changed template does not make any more; they are reported otherwise."
        ),
        SettingKey(
            "kubernetes.imagePullSecrets",
            .list(.dnsLabel),
            or: "none",
            example: "registry",
            "Secrets of the namespace that images are pulled with."
        ),
        SettingKey(
            "kubernetes.ingressClass",
            .text(.name),
            or: "the cluster's default",
            example: "nginx",
            "The class of the Ingress of apps with a customDomain."
        ),
        SettingKey(
            "kubernetes.ingressAnnotations",
            .list(.any),
            or: "none",
            example: "cert-manager.io/cluster-issuer=letsencrypt",
            "Annotations of every Ingress, each as name=value, for whoever issues certificates."
        ),
        SettingKey(
            "kubernetes.createNamespace",
            .bool,
            default: "false",
            "Whether the namespace is made when it is missing; needs a right in the whole cluster."
        ),
        SettingKey(
            "kubernetes.renderDirectory",
            .text(.path),
            or: "nowhere",
            example: "/var/lib/slipway/manifests",
            "Where the manifests of builds with deploy: render go: <namespace>/<name>.yaml."
        ),
    ]
}
