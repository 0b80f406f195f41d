defmodule Shop.Application do
  use Application

  @impl true
  def start(_type, _args) do
    Supervisor.start_link([ShopWeb.Endpoint], strategy: :one_for_one, name: Shop.Supervisor)
  end
end
