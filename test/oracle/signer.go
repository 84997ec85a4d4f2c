package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"math/big"
	"time"

	capi "k8s.io/api/certificates/v1"
	"k8s.io/kubernetes/pkg/controller/certificates/authority"
)

// signer is kube-controller-manager's own signing code with a certificate authority of this process.
type signer struct {
	authority authority.CertificateAuthority
	policy    authority.PermissiveSigningPolicy
}

func newSigner() (*signer, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "oracle"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(365 * 24 * time.Hour),
		KeyUsage:              x509.KeyUsageCertSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &signer{
		authority: authority.CertificateAuthority{Certificate: parsed, PrivateKey: private},
		policy: authority.PermissiveSigningPolicy{
			TTL:      24 * time.Hour,
			Usages:   []capi.KeyUsage{capi.UsageDigitalSignature, capi.UsageServerAuth},
			Backdate: 5 * time.Minute,
			Short:    8 * time.Hour,
		},
	}, nil
}

func (s *signer) certificate(csr *x509.CertificateRequest) any {
	der, err := s.authority.Sign(csr.Raw, s.policy)
	if err != nil {
		return refusal{err.Error()}
	}
	issued, err := x509.ParseCertificate(der)
	if err != nil {
		return refusal{"issued, but Go cannot read it: " + err.Error()}
	}
	return certificate{
		Subject: hex.EncodeToString(issued.RawSubject),
		Names:   names(issued.Subject.Names),
		DNS:     texts(issued.DNSNames),
		IP:      addresses(issued.IPAddresses),
		Email:   texts(issued.EmailAddresses),
		URI:     uris(issued.URIs),
		SPKI:    hex.EncodeToString(issued.RawSubjectPublicKeyInfo),
	}
}
