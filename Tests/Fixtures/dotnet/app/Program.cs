var app = WebApplication.Create(args);
app.MapGet("/", () => "hello\n");
app.Run();
