(defproject hello "1" :main hello.core)
