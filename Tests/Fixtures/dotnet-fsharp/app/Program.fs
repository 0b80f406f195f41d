open Microsoft.AspNetCore.Builder
open Microsoft.Extensions.Hosting
open Giraffe

[<EntryPoint>]
let main args =
    let builder = WebApplication.CreateBuilder(args)
    builder.Services.AddGiraffe() |> ignore
    let app = builder.Build()
    app.UseGiraffe(route "/" >=> text "hello")
    app.Run()
    0
