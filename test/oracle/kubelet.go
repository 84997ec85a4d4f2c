package main

import (
	"bufio"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"fmt"
	"io"
	"net"

	"k8s.io/client-go/util/cert"
)

// kubelet writes requests as kubelets of 1.22 to 1.36 make them, in the frames that serve reads: the
// template of pkg/kubelet/certificate, encoded by client-go, for several keys and many sets of addresses.
func kubelet(out io.Writer) error {
	keys, err := kubeletKeys()
	if err != nil {
		return err
	}
	frames := bufio.NewWriter(out)
	for i, names := range kubeletNames() {
		for j, key := range keys {
			request, err := cert.MakeCSRFromTemplate(key, kubeletTemplate(fmt.Sprintf("node-%d-%d.example.com", i, j), names))
			if err != nil {
				return err
			}
			if err := binary.Write(frames, binary.BigEndian, uint32(len(request))); err != nil {
				return err
			}
			if _, err := frames.Write(request); err != nil {
				return err
			}
		}
	}
	return frames.Flush()
}

type kubeletSANs struct {
	dns []string
	ips []net.IP
}

// kubeletTemplate is that of newGetTemplateFn, which is not exported.
func kubeletTemplate(node string, names kubeletSANs) *x509.CertificateRequest {
	return &x509.CertificateRequest{
		Subject: pkix.Name{
			CommonName:   "system:node:" + node,
			Organization: []string{"system:nodes"},
		},
		DNSNames:    names.dns,
		IPAddresses: names.ips,
	}
}

// kubeletKeys are those of today's kubelets, of the ones with an RSA key of old, and of KubeletConfiguration to come.
func kubeletKeys() ([]crypto.Signer, error) {
	var keys []crypto.Signer
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384()} {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	for _, bits := range []int{2048, 3072, 4096} {
		key, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// kubeletNames are one to many addresses, of one family or both, with and without DNS names.
func kubeletNames() []kubeletSANs {
	var sets []kubeletSANs
	for _, count := range []int{1, 2, 3, 8, 16, 21} {
		var dns []string
		var v4, v6 []net.IP
		for i := range count {
			dns = append(dns, fmt.Sprintf("node-%d.example.com", i))
			// net.ParseIP gives 16 bytes for IPv4 too, as the kubelet has them; crypto/x509 writes four.
			v4 = append(v4, net.ParseIP(fmt.Sprintf("10.0.%d.1", i)))
			v6 = append(v6, net.ParseIP(fmt.Sprintf("fd00:%x::1", i)))
		}
		both := append(append([]net.IP{}, v4...), v6...)
		sets = append(sets,
			kubeletSANs{dns, v4}, kubeletSANs{dns, v6}, kubeletSANs{dns, both},
			kubeletSANs{nil, v4}, kubeletSANs{nil, both}, kubeletSANs{dns, nil},
		)
	}
	return sets
}
