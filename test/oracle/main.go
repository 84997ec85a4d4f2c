// The oracle says how Kubernetes and Go read certificate requests, so that tests can hold our reading
// against theirs. It reads requests from standard input, each as four octets of length (big endian) and
// that many bytes of spec.request, and answers each with one line of JSON, in order. With the argument
// "kubelet" it writes requests instead, as kubelets make them.
package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

func main() {
	err := errors.New("the only argument there is: kubelet")
	switch {
	case len(os.Args) == 1:
		err = serve(os.Stdin, os.Stdout)
	case os.Args[1] == "kubelet":
		err = kubelet(os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "oracle:", err)
		os.Exit(2)
	}
}

func serve(in io.Reader, out io.Writer) error {
	signer, err := newSigner()
	if err != nil {
		return err
	}
	requests := bufio.NewReaderSize(in, 1<<20)
	answers := bufio.NewWriterSize(out, 1<<20)
	encoder := json.NewEncoder(answers)
	for {
		// Flushed before every wait for input: whoever asks one question at a time must not wait for ever.
		if requests.Buffered() == 0 {
			if err := answers.Flush(); err != nil {
				return err
			}
		}
		request, err := next(requests)
		if errors.Is(err, io.EOF) {
			return answers.Flush()
		}
		if err != nil {
			return err
		}
		if err := encoder.Encode(read(request, signer)); err != nil {
			return err
		}
	}
}

func next(in io.Reader) ([]byte, error) {
	var length uint32
	if err := binary.Read(in, binary.BigEndian, &length); err != nil {
		return nil, err
	}
	request := make([]byte, length)
	_, err := io.ReadFull(in, request)
	return request, err
}
