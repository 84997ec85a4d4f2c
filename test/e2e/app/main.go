// The one program of the pods in the story, and their pause too: one static binary, in an image of nothing else.
//
//	app            says that it is there, and stays until it is told to end
//	app say TEXT   says TEXT
package main

import (
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	if len(os.Args) > 2 && os.Args[1] == "say" {
		fmt.Println(strings.Join(os.Args[2:], " "))
		return
	}
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGINT, syscall.SIGTERM)
	host, _ := os.Hostname()
	fmt.Println("running on " + host)
	<-ended
}
