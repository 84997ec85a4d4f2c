// Command ceiling is what the benches of the controller hold it to: the three calls of an approval and nothing else
// (approve), and what creates requests and sees when they are approved (load). Both on client-go.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("ceiling", flag.ContinueOnError)
	kubeconfig := flags.String("kubeconfig", "", "of an administrator")
	workers := flags.Int("workers", 16, "approvals under way at once")
	if len(args) == 0 {
		return errors.New("ceiling approve|load --kubeconfig FILE [--workers N]")
	}
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		return err
	}
	switch args[0] {
	case "approve":
		return approve(ctx, config, *workers)
	case "load":
		return serve(ctx, config, os.Stdin, os.Stdout)
	}
	return fmt.Errorf("no command is called %q", args[0])
}

// client has a connection of its own: a busy server closes watches that share one. No limit of its own holds it back.
func client(config *rest.Config) (*kubernetes.Clientset, error) {
	own := rest.CopyConfig(config)
	own.QPS = -1
	own.ContentType = "application/vnd.kubernetes.protobuf"
	own.AcceptContentTypes = "application/vnd.kubernetes.protobuf,application/json"
	own.Dial = (&net.Dialer{}).DialContext
	return kubernetes.NewForConfig(own)
}
