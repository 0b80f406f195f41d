import Platform
import TestSupport
import Testing

/// Debian's packages bring what Clojure and Ring need as a repository of files, so nothing is fetched.
extension ToolchainTests {
    private static let repository = "/usr/share/maven-repo"

    private func clojure() async throws -> StepFixture {
        try await Toolchain(name: "clojure").fixture(with: Toolchain(name: "java"))
    }

    private static func app(_ name: String, _ more: [String: String]) -> [String: String] {
        [
            ".java-version": "21\n",
            "src/web/core.clj": """
            (ns web.core
              (:require [ring.adapter.jetty :refer [run-jetty]])
              (:gen-class))

            (defn -main []
              (run-jetty (fn [_] {:status 200 :headers {"Content-Type" "text/plain"} :body "hello from \(name)"})
                         {:host "0.0.0.0" :port (parse-long (System/getenv "PORT"))}))

            """,
        ].merging(more) { $1 }
    }

    @Test("Leiningen makes one jar of Ring and its server, which answers on a JRE")
    func leiningen() async throws {
        let fixture = try await clojure()
        let project = """
            (defproject web "1.0"
              :offline? true
              :local-repo "\(Self.repository)"
              :dependencies [[org.clojure/clojure "1.12.0"]
                             [ring/ring-core "debian"]
                             [ring/ring-jetty-adapter "debian"]]
              :main web.core
              :aot [web.core])

            """
        try fixture.app(Self.app("leiningen", ["project.clj": project]))
        // A jar has the times of its files.
        try await fixture.check(steps: ["build"], page: "hello from leiningen", otherCache: nil)
        #expect(try await !Files.exists("\(fixture.unpack("1"))/app/src"), "the image has the source")
    }

    /// Dependencies as deps.edn has them, with a line of aliases.
    private static func deps(_ aliases: String) -> String {
        """
        {:mvn/local-repo "\(repository)"
         :paths ["src"]
         :deps {org.clojure/clojure {:mvn/version "1.12.0"}
                ring/ring-core {:mvn/version "debian"}
                ring/ring-jetty-adapter {:mvn/version "debian"}}
         :aliases {\(aliases)}}

        """
    }

    @Test("tools.build makes one jar by the app's own build.clj, which answers on a JRE")
    func toolsBuild() async throws {
        let fixture = try await clojure()
        let build = """
            (ns build
              (:require [clojure.tools.build.api :as b]))

            (def classes "target/classes")

            (defn uber [_]
              (let [basis (b/create-basis {:user nil})]
                (b/copy-dir {:src-dirs ["src"] :target-dir classes})
                (b/compile-clj {:basis basis :src-dirs ["src"] :class-dir classes})
                (b/uber {:class-dir classes :uber-file "target/web.jar" :basis basis :main 'web.core})))

            """
        let alias = ":build {:deps {io.github.clojure/tools.build {:mvn/version \"debian\"}} :ns-default build}"
        try fixture.app(Self.app("tools.build", ["deps.edn": Self.deps(alias), "build.clj": build]))
        try await fixture.check(steps: ["build"], page: "hello from tools.build", otherCache: nil)
    }

    @Test("what an alias of deps.edn starts is copied with what it needs, and answers on a JRE")
    func alias() async throws {
        let fixture = try await clojure()
        try fixture.app(Self.app("an alias", ["deps.edn": Self.deps(":run {:main-opts [\"-m\" \"web.core\"]}")]))
        try await fixture.check(steps: ["build"], page: "hello from an alias")
    }
}
