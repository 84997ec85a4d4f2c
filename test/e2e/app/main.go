// The one program of the pods in the story, and their pause too: one static binary, in an image of nothing else.
//
//	app            says that it is there, and stays until it is told to end
//	app say TEXT   says TEXT
//	app fail TEXT  says TEXT on its standard error, and ends with 2
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
	if len(os.Args) > 2 && os.Args[1] == "fail" {
		fmt.Fprintln(os.Stderr, strings.Join(os.Args[2:], " "))
		os.Exit(2)
	}
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGINT, syscall.SIGTERM)
	host, _ := os.Hostname()
	fmt.Println("running on " + host)
	<-ended
}
