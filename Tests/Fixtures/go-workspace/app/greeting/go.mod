module example.org/greeting

go 1.27.0
