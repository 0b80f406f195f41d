(ns hello.core)

(defn -main [] (println "hello"))
