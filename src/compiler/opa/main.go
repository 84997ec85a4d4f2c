// Package main is OPA's own compiler as a WebAssembly module without a file system: files come in, a bundle goes out,
// both through memory. It does what `opa build -b DIR -t wasm` does, and can do so again and again.
package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"unsafe"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/bundle"
	"github.com/open-policy-agent/opa/v1/compile"
	"github.com/open-policy-agent/opa/v1/util"
)

// request is the header of what the host hands over; the bytes of all files follow it, in order.
type request struct {
	// Root is the directory's name as it was given: messages show it.
	Root         string   `json:"root"`
	Files        []file   `json:"files"`
	Ignore       []string `json:"ignore"`
	Entrypoints  []string `json:"entrypoints"`
	Capabilities string   `json:"capabilities"`
	Revision     *string  `json:"revision"`
	// Schema is that of the input document; without one the rules may name any field.
	Schema *string `json:"schema"`
}

type file struct {
	// Path is relative to the root, with slashes.
	Path string `json:"path"`
	Size int    `json:"size"`
	// IsLink is a symbolic link to a file or a folder: it has no bytes.
	IsLink bool `json:"is_link"`
}

// Kept here so that the garbage collector leaves alone what the host reads and writes.
var input, output []byte

//go:wasmexport allocate
func allocate(size uint32) unsafe.Pointer {
	input, output = make([]byte, size), nil
	return unsafe.Pointer(unsafe.SliceData(input))
}

// build is 0 if the output is a bundle (.tar.gz), 1 if it is opa's message, 2 if it is about a link, 3 if it is about a
// defect.
//
//go:wasmexport build
func build() (status uint32) {
	defer func() {
		if cause := recover(); cause != nil {
			output, status = fmt.Appendf(nil, "%v\n%s", cause, debug.Stack()), 3
		}
		input = nil
	}()
	archive, err := run(input)
	if err != nil {
		var link linkError
		if errors.As(err, &link) {
			output = []byte(link.Error())
			return 2
		}
		output = []byte(err.Error())
		return 1
	}
	output = archive
	return 0
}

//go:wasmexport output_pointer
func outputPointer() unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(output)) }

//go:wasmexport output_length
func outputLength() uint32 { return uint32(len(output)) }

func run(message []byte) ([]byte, error) {
	length := binary.LittleEndian.Uint32(message)
	var asked request
	if err := json.Unmarshal(message[4:4+length], &asked); err != nil {
		return nil, err
	}
	capabilities, err := ast.LoadCapabilitiesJSON(strings.NewReader(asked.Capabilities))
	if err != nil {
		return nil, fmt.Errorf("capabilities: %w", err)
	}
	policy, err := read(asked, capabilities, message[4+length:])
	if err != nil {
		return nil, err
	}
	if asked.Schema != nil {
		if err := check(policy, capabilities, *asked.Schema); err != nil {
			return nil, err
		}
	}
	var archive bytes.Buffer
	compiler := compile.New().
		WithCapabilities(capabilities).
		WithTarget(compile.TargetWasm).
		WithAsBundle(true).
		WithOutput(&archive).
		WithEntrypoints(asked.Entrypoints...).
		WithRegoAnnotationEntrypoints(true).
		WithRegoVersion(ast.DefaultRegoVersion).
		WithBundle(policy)
	if asked.Revision != nil {
		compiler = compiler.WithRevision(*asked.Revision)
	}
	if err := compiler.Build(context.Background()); err != nil {
		return nil, err
	}
	return archive.Bytes(), nil
}

// read loads the directory as compile.Compiler loads one of a file system.
func read(asked request, capabilities *ast.Capabilities, contents []byte) (*bundle.Bundle, error) {
	loaded, err := bundle.NewCustomReader(&files{asked.Root, asked.Files, contents, asked.Ignore}).
		WithProcessAnnotations(true).
		WithCapabilities(capabilities).
		WithRegoVersion(ast.DefaultRegoVersion).
		WithBundleName(asked.Root).
		WithBaseDir(asked.Root).
		Read()
	if err != nil {
		return nil, fmt.Errorf("load error: bundle %s: %w", asked.Root, err)
	}
	merged, err := bundle.MergeWithRegoVersion([]*bundle.Bundle{&loaded}, ast.DefaultRegoVersion, false)
	if err != nil {
		return nil, fmt.Errorf("bundle merge failed: %w", err)
	}
	return merged, nil
}

// check is `opa check --schema FILE`: fields of the input that the schema has not are errors.
func check(policy *bundle.Bundle, capabilities *ast.Capabilities, text string) error {
	var schema map[string]any
	if err := util.Unmarshal([]byte(text), &schema); err != nil {
		return fmt.Errorf("schema: %w", err)
	}
	// Of an empty file: the compiler would take it for no schema at all.
	if schema == nil {
		return errors.New("schema: it is empty")
	}
	schemas := ast.NewSchemaSet()
	schemas.Put(ast.SchemaRootRef, schema)
	compiler := ast.NewCompiler().WithCapabilities(capabilities).WithSchemas(schemas).WithUseTypeCheckAnnotations(true)
	if compiler.Compile(policy.ParsedModules("")); compiler.Failed() {
		return compiler.Errors
	}
	return nil
}

func main() {
	fmt.Fprintln(os.Stderr, "to be called through its exports")
	os.Exit(2)
}
