var app = WebApplication.CreateBuilder(args).Build();
app.MapGet("/", () => new Shop.Domain.Price(3));
app.Run();
