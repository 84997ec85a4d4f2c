package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// Longest wait for approvals; with a signer or an approver that hangs, the run must still end.
const patience = 120 * time.Second

// seen is what the one watch of the bench has seen of a request.
type seen struct {
	created, approved time.Time
}

// load creates requests as the nodes that they are for, and sees when they are approved.
type load struct {
	admin    *kubernetes.Clientset
	machines []*machine
	mutex    sync.Mutex
	changed  *sync.Cond
	requests map[string]*seen
	approved int
}

type question struct {
	// nodes, create, await, lone, clear or seen
	Do string `json:"do"`
	// How many.
	N int `json:"n"`
	// Requests under creation at once.
	AtOnce int `json:"atOnce"`
}

type answer struct {
	Error string `json:"error,omitempty"`
	// Milliseconds that creating took.
	CreatedMs float64 `json:"createdMs"`
	// Unix milliseconds: when the first was sent, and when each was seen approved.
	StartedAt  float64   `json:"startedAt"`
	ApprovedAt []float64 `json:"approvedAt"`
	// Milliseconds from each request's creation to its approval, both as the watch saw them.
	Latencies []float64 `json:"latencies"`
}

// serve answers one question a line.
func serve(ctx context.Context, config *rest.Config, in io.Reader, out io.Writer) error {
	admin, err := client(config)
	if err != nil {
		return err
	}
	watching, err := client(config)
	if err != nil {
		return err
	}
	l := &load{admin: admin, requests: map[string]*seen{}}
	l.changed = sync.NewCond(&l.mutex)
	failed := make(chan error, 1)
	go func() { failed <- follow(ctx, watching, l.saw, nil) }()
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		var asked question
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			return err
		}
		given, err := l.answer(ctx, config, asked)
		if err != nil {
			given.Error = err.Error()
		}
		if err := json.NewEncoder(out).Encode(given); err != nil {
			return err
		}
		select {
		case err := <-failed:
			return err
		default:
		}
	}
	return lines.Err()
}

func (l *load) saw(csr *certificatesv1.CertificateSigningRequest, added bool) {
	now := time.Now()
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if added {
		l.requests[csr.Name] = &seen{created: now}
	}
	// One that was cleared away is not there any more.
	if request := l.requests[csr.Name]; request != nil && request.approved.IsZero() && isApproved(csr) {
		request.approved = now
		l.approved++
	}
	l.changed.Broadcast()
}

func (l *load) answer(ctx context.Context, config *rest.Config, asked question) (answer, error) {
	switch asked.Do {
	case "nodes":
		return answer{}, l.join(ctx, config, asked.N, asked.AtOnce)
	case "create":
		started := time.Now()
		err := eachAtOnce(asked.N, asked.AtOnce, func(i int) error { return l.machines[i].request(ctx) })
		return answer{StartedAt: unixMs(started), CreatedMs: ms(time.Since(started))}, err
	case "seen":
		return answer{}, l.wait(func() bool { return len(l.requests) >= asked.N }, "seen")
	case "await":
		if err := l.wait(func() bool { return l.approved >= asked.N }, "approved"); err != nil {
			return answer{}, err
		}
		return l.result(), nil
	case "lone":
		return l.lone(ctx, asked.N)
	case "clear":
		return answer{}, l.clear(ctx)
	}
	return answer{}, fmt.Errorf("nothing is called %q", asked.Do)
}

// lone creates one request after the other, each when the one before it is approved.
func (l *load) lone(ctx context.Context, n int) (answer, error) {
	started := time.Now()
	for i := range n {
		if err := l.machines[i].request(ctx); err != nil {
			return answer{}, err
		}
		if err := l.wait(func() bool { return l.approved > i }, "approved"); err != nil {
			return answer{}, err
		}
	}
	given := l.result()
	given.StartedAt = unixMs(started)
	return given, nil
}

// clear removes every request, and forgets them.
func (l *load) clear(ctx context.Context) error {
	api := l.admin.CertificatesV1().CertificateSigningRequests()
	if err := api.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{}); err != nil {
		return err
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.requests = map[string]*seen{}
	l.approved = 0
	return nil
}

func (l *load) result() answer {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	given := answer{}
	for _, request := range l.requests {
		given.ApprovedAt = append(given.ApprovedAt, unixMs(request.approved))
		given.Latencies = append(given.Latencies, ms(request.approved.Sub(request.created)))
	}
	return given
}

// wait until that holds of what was seen; every event looks again.
func (l *load) wait(holds func() bool, what string) error {
	overdue := false
	timer := time.AfterFunc(patience, func() {
		l.mutex.Lock()
		defer l.mutex.Unlock()
		overdue = true
		l.changed.Broadcast()
	})
	defer timer.Stop()
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for !holds() {
		if overdue {
			return fmt.Errorf("not all were %s within %s: %d requests are there, %d are approved", what, patience, len(l.requests), l.approved)
		}
		l.changed.Wait()
	}
	return nil
}

func isApproved(csr *certificatesv1.CertificateSigningRequest) bool {
	for _, condition := range csr.Status.Conditions {
		if condition.Type == certificatesv1.CertificateApproved {
			return true
		}
	}
	return false
}

func ms(span time.Duration) float64 { return float64(span.Microseconds()) / 1000 }

func unixMs(at time.Time) float64 { return float64(at.UnixMicro()) / 1000 }
