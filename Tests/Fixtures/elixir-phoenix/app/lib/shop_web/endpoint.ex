defmodule ShopWeb.Endpoint do
  use Phoenix.Endpoint, otp_app: :shop
end
