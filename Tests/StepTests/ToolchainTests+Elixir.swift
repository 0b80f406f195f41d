import Platform
import TestSupport
import Testing

extension ToolchainTests {
    @Test("an Elixir app without dependencies becomes a release that answers, with no index asked")
    func elixir() async throws {
        let fixture = try await Toolchain(name: "elixir").fixture()
        try fixture.app([
            ".elixir-version": "1.18.3\n",
            "mix.exs": """
            defmodule Web.MixProject do
              use Mix.Project

              def project, do: [app: :web, version: "0.1.0", elixir: "~> 1.18", deps: []]
              def application, do: [extra_applications: [:logger], mod: {Web, []}]
            end
            """,
            "lib/web.ex": """
            defmodule Web do
              use Application

              def start(_type, _arguments) do
                Supervisor.start_link([{Task, &listen/0}], strategy: :one_for_one)
              end

              defp listen do
                port = String.to_integer(System.fetch_env!("PORT"))
                {:ok, socket} = :gen_tcp.listen(port, [:binary, packet: :http_bin, active: false, reuseaddr: true])
                serve(socket)
              end

              defp serve(socket) do
                {:ok, client} = :gen_tcp.accept(socket)
                read(client)
                page = "hello from elixir"
                head = "HTTP/1.1 200 OK\\r\\nContent-Length: #{byte_size(page)}\\r\\nConnection: close\\r\\n\\r\\n"
                :gen_tcp.send(client, head <> page)
                :gen_tcp.close(client)
                serve(socket)
              end

              defp read(client) do
                case :gen_tcp.recv(client, 0) do
                  {:ok, :http_eoh} -> :ok
                  {:ok, _line} -> read(client)
                  {:error, _reason} -> :ok
                end
              end
            end
            """,
        ])
        // 'mix release' makes up a cookie and writes the time.
        try await fixture.check(steps: ["build"], page: "hello from elixir", otherCache: nil)
    }
}
