//> using scala 3.3.6

@main def hello() = println("hello")
