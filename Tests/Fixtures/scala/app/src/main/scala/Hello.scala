@main def hello() = println("hello")
