package main

import (
	"bytes"
	"io"
	"path"
	"path/filepath"
	"strings"

	"github.com/open-policy-agent/opa/v1/bundle"
	"github.com/open-policy-agent/opa/v1/loader/filter"
)

// files are those of a directory, named as OPA's own loader of directories names them, so that messages and the
// members of the bundle are the same.
type files struct {
	root   string
	left   []file
	bytes  []byte
	ignore []string
}

func (f *files) NextFile() (*bundle.Descriptor, error) {
	for len(f.left) > 0 {
		next := f.left[0]
		contents := f.bytes[:next.Size]
		f.left, f.bytes = f.left[1:], f.bytes[next.Size:]
		if f.ignored(next.Path) {
			continue
		}
		if next.IsLink {
			return nil, linkError{filepath.Join(f.root, next.Path)}
		}
		return bundle.NewDescriptor(filepath.Join(f.root, next.Path), "/"+next.Path, bytes.NewReader(contents)), nil
	}
	return nil, io.EOF
}

// linkError is about a link, which opa would leave out without a word: a rule or a list that is missing is no error
// anywhere later.
type linkError struct{ name string }

func (e linkError) Error() string {
	return e.name + " is a symbolic link, which `opa build` leaves out: put a file or a folder in its place, or name it with --ignore"
}

// ignored is loader.GlobExcludeName with depth 1, as `opa build --ignore` uses it: of the directory itself, of each
// folder and of the file, by name alone. A malformed pattern fits nothing there, and nothing here.
func (f *files) ignored(name string) bool {
	for _, part := range append(strings.Split(name, "/"), filepath.Base(f.root)) {
		for _, pattern := range f.ignore {
			if fits, _ := path.Match(pattern, part); fits {
				return true
			}
		}
	}
	return false
}

// The rest of bundle.DirectoryLoader: the reader sets only what a directory in memory has no use for.

func (f *files) WithFilter(filter.LoaderFilter) bundle.DirectoryLoader   { return f }
func (f *files) WithPathFormat(bundle.PathFormat) bundle.DirectoryLoader { return f }
func (f *files) WithSizeLimitBytes(int64) bundle.DirectoryLoader         { return f }
func (f *files) WithFollowSymlinks(bool) bundle.DirectoryLoader          { return f }
