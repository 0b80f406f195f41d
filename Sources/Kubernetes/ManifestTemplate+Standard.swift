extension ManifestTemplate {
    /// config/kubernetes/templates/project.yaml, word for word.
    package static let standard = #"""
        # What Slipway applies where the configuration names no template: one Deployment and one Service for each project, and an Ingress
        # for those with a customDomain. Copy it, change it, and name the copy as kubernetes.template; docs/operations.md has the variables.
        # Slipway adds to every object its namespace, the labels `deployment`, `platform`, `slipway/project` and `app.kubernetes.io/managed-by`,
        # and annotations that say whose it is; to pods it adds these labels, to the others `app.kubernetes.io/name` and `instance`. `replicas`
        # is not here, so that it belongs to whoever scales.
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: ${name}
        spec:
          progressDeadlineSeconds: ${progressDeadlineSeconds}
          selector:
            matchLabels:
              app.kubernetes.io/name: ${name}
              app.kubernetes.io/instance: ${name}
          template:
            metadata:
              labels:
                app.kubernetes.io/name: ${name}
                app.kubernetes.io/instance: ${name}
            spec:
              # The app is a stranger to the cluster: it gets no token for its API, and no list of its neighbours.
              automountServiceAccountToken: false
              enableServiceLinks: false
              imagePullSecrets: ${imagePullSecrets}
              containers:
                - name: app
                  image: ${image}
                  command: ${command}
                  args: ${args}
                  ports:
                    - name: http
                      containerPort: ${port}
                      protocol: TCP
                  env: ${env}
                  # A start may take half a minute before liveness counts; a hung app is restarted after three misses in a row.
                  livenessProbe:
                    httpGet:
                      path: ${livenessPath}
                      port: http
                    initialDelaySeconds: 30
                    periodSeconds: 10
                    timeoutSeconds: 5
                    failureThreshold: 3
                  readinessProbe:
                    httpGet:
                      path: ${readinessPath}
                      port: http
                    initialDelaySeconds: 1
                    periodSeconds: 10
                    timeoutSeconds: 5
                    failureThreshold: 3
                  resources: ${resources}
                  # The "restricted" Pod Security Standard. NET_BIND_SERVICE, the one capability that it allows, stays in the bounding set,
                  # because the kernel refuses to execute files that carry a capability outside of it, as Caddy's official binary does.
                  securityContext:
                    runAsNonRoot: true
                    allowPrivilegeEscalation: false
                    capabilities:
                      drop: [ALL]
                      add: [NET_BIND_SERVICE]
                    seccompProfile:
                      type: RuntimeDefault
        ---
        apiVersion: v1
        kind: Service
        metadata:
          name: ${name}
        spec:
          selector:
            app.kubernetes.io/name: ${name}
            app.kubernetes.io/instance: ${name}
          ports:
            - name: http
              port: 80
              protocol: TCP
              targetPort: http
        ---
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata:
          name: ${name}
          annotations: ${ingressAnnotations}
        spec:
          ingressClassName: ${ingressClass}
          tls: ${tls}
          rules:
            - host: ${domain}
              http:
                paths:
                  - path: /
                    pathType: Prefix
                    backend:
                      service:
                        name: ${name}
                        port:
                          name: http

        """#
}
