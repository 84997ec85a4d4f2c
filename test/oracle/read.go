package main

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509/pkix"
	"encoding/hex"
	"fmt"
	"net"
	"net/url"

	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/kubernetes/pkg/apis/certificates"
)

// read answers as the API server does at creation (ParseCSR, CheckSignature) and the signer before and
// while signing (ValidateKubeletServingCSR, authority.Sign).
func read(request []byte, signer *signer) any {
	csr, err := certificates.ParseCSR(request)
	if err != nil {
		return refusal{err.Error()}
	}
	answer := reading{
		Signature:          message(csr.CheckSignature()),
		Serving:            message(certificates.ValidateKubeletServingCSR(csr, servingUsages)),
		Version:            csr.Version,
		CommonName:         text(csr.Subject.CommonName),
		Organization:       texts(csr.Subject.Organization),
		Names:              names(csr.Subject.Names),
		Rebuilt:            rebuilt(csr.Subject),
		DNS:                texts(csr.DNSNames),
		IP:                 addresses(csr.IPAddresses),
		Email:              texts(csr.EmailAddresses),
		URI:                uris(csr.URIs),
		Key:                keyOf(csr.PublicKey, csr.RawSubjectPublicKeyInfo),
		SignatureAlgorithm: csr.SignatureAlgorithm.String(),
		Attributes:         len(csr.Attributes),
		Extensions:         oids(csr.Extensions),
	}
	// The signer only ever gets to see what passed these two.
	answer.Certificate = refusal{"not valid"}
	if answer.Signature == "" && answer.Serving == "" {
		answer.Certificate = signer.certificate(csr)
	}
	return answer
}

var servingUsages = sets.NewString(string(certificates.UsageDigitalSignature), string(certificates.UsageServerAuth))

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func keyOf(public any, spki []byte) key {
	switch k := public.(type) {
	case *ecdsa.PublicKey:
		return key{"ECDSA", k.Curve.Params().Name, k.Curve.Params().BitSize, 0, hex.EncodeToString(spki)}
	case *rsa.PublicKey:
		return key{"RSA", "", k.N.BitLen(), k.E, hex.EncodeToString(spki)}
	case ed25519.PublicKey:
		return key{"Ed25519", "", len(k) * 8, 0, hex.EncodeToString(spki)}
	default:
		return key{Algorithm: fmt.Sprintf("%T", public), SPKI: hex.EncodeToString(spki)}
	}
}

// rebuilt is the subject that the signer writes: made anew from the parsed fields, so that it drops what
// pkix.Name has no field for and joins what came in several parts.
func rebuilt(subject pkix.Name) []name {
	out := []name{}
	for _, rdn := range subject.ToRDNSequence() {
		out = append(out, names(rdn)...)
	}
	return out
}

func names(attributes []pkix.AttributeTypeAndValue) []name {
	out := []name{}
	for _, a := range attributes {
		if value, ok := a.Value.(string); ok {
			out = append(out, name{Type: a.Type.String(), Value: text(value)})
		} else {
			out = append(out, name{a.Type.String(), text(fmt.Sprint(a.Value)), fmt.Sprintf("%T", a.Value)})
		}
	}
	return out
}

func texts(values []string) []text {
	out := make([]text, len(values))
	for i, v := range values {
		out[i] = text(v)
	}
	return out
}

func uris(values []*url.URL) []text {
	out := make([]text, len(values))
	for i, v := range values {
		out[i] = text(v.String())
	}
	return out
}

func addresses(values []net.IP) []address {
	out := make([]address, len(values))
	for i, v := range values {
		out[i] = address{hex.EncodeToString(v), v.String()}
	}
	return out
}

func oids(extensions []pkix.Extension) []string {
	out := make([]string, len(extensions))
	for i, e := range extensions {
		out[i] = e.Id.String()
	}
	return out
}
