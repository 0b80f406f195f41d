package main

import (
	"fmt"
	"net/http"
	"os"

	"example.org/greeting"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, greeting.Text) })
	http.ListenAndServe(":"+os.Getenv("PORT"), nil)
}
