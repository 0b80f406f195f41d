module example.org/server

go 1.27.0

require example.org/greeting v0.0.0
