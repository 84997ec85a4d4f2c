// The receiver takes decision logs as a server of OPA's does: POST of a gzip-compressed JSON array. What it is sent must be
// what OPA itself would write: each event is read into OPA's own struct, and a field that OPA does not have is refused.
// It writes its port to standard output, then every event that it has taken, a line of JSON each. With the argument "lines" it
// reads such events from standard input instead, a line each, and says of the first bad one why.
package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"

	"github.com/open-policy-agent/opa/v1/plugins/logs"
)

// event is OPA's, but for the error: OPA writes one, and cannot read it, since its type is an interface.
type event struct {
	logs.EventV1
	Error *struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"error,omitempty"`
}

func main() {
	run := serve
	if len(os.Args) == 2 && os.Args[1] == "lines" {
		run = checkLines
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "receiver:", err)
		os.Exit(1)
	}
}

func serve() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	var mutex sync.Mutex
	return http.Serve(listener, http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		mutex.Lock()
		defer mutex.Unlock()
		events, err := read(request)
		if err != nil {
			fmt.Fprintln(os.Stderr, "receiver:", err)
			http.Error(response, err.Error(), http.StatusBadRequest)
			return
		}
		for _, raw := range events {
			os.Stdout.Write(append(raw, '\n'))
		}
	}))
}

func read(request *http.Request) ([]json.RawMessage, error) {
	if request.Method != http.MethodPost || request.URL.Path != "/logs" {
		return nil, fmt.Errorf("%s %s: POST /logs was expected", request.Method, request.URL.Path)
	}
	if kind := request.Header.Get("Content-Type"); kind != "application/json" {
		return nil, fmt.Errorf("Content-Type %q", kind)
	}
	if encoding := request.Header.Get("Content-Encoding"); encoding != "gzip" {
		return nil, fmt.Errorf("Content-Encoding %q", encoding)
	}
	body, err := gzip.NewReader(request.Body)
	if err != nil {
		return nil, err
	}
	var events []json.RawMessage
	decoder := json.NewDecoder(body)
	if err := decoder.Decode(&events); err != nil {
		return nil, err
	}
	if decoder.More() {
		return nil, errors.New("more than one array")
	}
	for _, raw := range events {
		if err := check(raw); err != nil {
			return nil, err
		}
	}
	return events, nil
}

func checkLines() error {
	lines := bufio.NewReader(os.Stdin)
	for number := 1; ; number++ {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return nil
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
		if err := check(line); err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
	}
}

func check(raw []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	var read event
	if err := decoder.Decode(&read); err != nil {
		return err
	}
	if read.DecisionID == "" || read.Timestamp.IsZero() || read.Path == "" || read.Labels["id"] == "" {
		return fmt.Errorf("decision_id, timestamp, path or labels.id is missing: %s", raw)
	}
	// A mask of OPA's reads an event in this form.
	if _, err := read.EventV1.AST(); err != nil {
		return err
	}
	return nil
}
