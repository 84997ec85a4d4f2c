package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net"
	"sync/atomic"

	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	certificatesclient "k8s.io/client-go/kubernetes/typed/certificates/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/cert"
)

// machine is a Node and whoever files requests as its kubelet.
type machine struct {
	name    string
	request func(ctx context.Context) error
}

// join registers Nodes until there are so many, each with an address of its own.
func (l *load) join(ctx context.Context, config *rest.Config, n, atOnce int) error {
	first := len(l.machines)
	more := make([]*machine, max(0, n-first))
	err := eachAtOnce(len(more), atOnce, func(i int) error {
		var err error
		more[i], err = l.machine(ctx, config, first+i)
		return err
	})
	l.machines = append(l.machines, more...)
	return err
}

func (l *load) machine(ctx context.Context, config *rest.Config, number int) (*machine, error) {
	name := fmt.Sprintf("node-%05d.example.com", number)
	address := net.IPv4(10, byte(100+number>>16), byte(number>>8), byte(number))
	api := l.admin.CoreV1().Nodes()
	node, err := api.Create(ctx, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	if err != nil {
		return nil, err
	}
	node.Status.Addresses = []corev1.NodeAddress{
		{Type: corev1.NodeInternalIP, Address: address.String()},
		{Type: corev1.NodeHostName, Address: name},
	}
	if _, err := api.UpdateStatus(ctx, node, metav1.UpdateOptions{}); err != nil {
		return nil, err
	}
	request, err := kubeletRequest(name, address)
	if err != nil {
		return nil, err
	}
	own := rest.CopyConfig(config)
	own.Impersonate = rest.ImpersonationConfig{UserName: "system:node:" + name, Groups: []string{"system:nodes", "system:authenticated"}}
	own.QPS = -1
	own.ContentType = "application/vnd.kubernetes.protobuf"
	// All of them share the connections of one transport: client-go keeps it by the TLS settings.
	kubelet, err := certificatesclient.NewForConfig(own)
	if err != nil {
		return nil, err
	}
	return &machine{name: name, request: func(ctx context.Context) error {
		_, err := kubelet.CertificateSigningRequests().Create(ctx, request, metav1.CreateOptions{})
		return err
	}}, nil
}

// kubeletRequest is what the kubelet of that node sends (pkg/kubelet/certificate/kubelet.go).
func kubeletRequest(name string, address net.IP) (*certificatesv1.CertificateSigningRequest, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	pem, err := cert.MakeCSRFromTemplate(key, &x509.CertificateRequest{
		Subject:     pkix.Name{CommonName: "system:node:" + name, Organization: []string{"system:nodes"}},
		DNSNames:    []string{name},
		IPAddresses: []net.IP{address},
	})
	if err != nil {
		return nil, err
	}
	return &certificatesv1.CertificateSigningRequest{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "csr-"},
		Spec: certificatesv1.CertificateSigningRequestSpec{
			Request:    pem,
			SignerName: certificatesv1.KubeletServingSignerName,
			Usages:     []certificatesv1.KeyUsage{certificatesv1.UsageDigitalSignature, certificatesv1.UsageServerAuth},
		},
	}, nil
}

// eachAtOnce does that for each number below n, so many at once; the first error ends it.
func eachAtOnce(n, atOnce int, do func(i int) error) error {
	var next atomic.Int64
	failures := make(chan error, atOnce)
	for range atOnce {
		go func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if err := do(i); err != nil {
					failures <- err
					return
				}
			}
			failures <- nil
		}()
	}
	var first error
	for range atOnce {
		if err := <-failures; err != nil && first == nil {
			first = err
		}
	}
	return first
}
