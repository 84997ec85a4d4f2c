package main

import (
	"encoding/hex"
	"encoding/json"
	"unicode/utf8"
)

// refusal is the line where ParseCSR refuses.
type refusal struct {
	Error string `json:"error"`
}

// reading is the line of every other request.
type reading struct {
	// Signature and Serving are empty where CheckSignature and ValidateKubeletServingCSR pass.
	Signature string `json:"signature"`
	Serving   string `json:"serving"`

	Version            int       `json:"version"`
	CommonName         text      `json:"commonName"`
	Organization       []text    `json:"organization"`
	Names              []name    `json:"names"`
	Rebuilt            []name    `json:"rebuilt"`
	DNS                []text    `json:"dns"`
	IP                 []address `json:"ip"`
	Email              []text    `json:"email"`
	URI                []text    `json:"uri"`
	Key                key       `json:"key"`
	SignatureAlgorithm string    `json:"signatureAlgorithm"`
	Attributes         int       `json:"attributes"`
	Extensions         []string  `json:"extensions"`
	Certificate        any       `json:"certificate"`
}

// text is a string of any bytes: JSON has no others than UTF-8, so those are shown in hexadecimal.
type text string

func (t text) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(string(t)) {
		return json.Marshal(string(t))
	}
	return json.Marshal(map[string]string{"hex": hex.EncodeToString([]byte(t))})
}

// name is an AttributeTypeAndValue as pkix.Name keeps it. Kind is its Go type where Value is no string.
type name struct {
	Type  string `json:"type"`
	Value text   `json:"value"`
	Kind  string `json:"kind,omitempty"`
}

type address struct {
	Hex  string `json:"hex"`
	Text string `json:"text"`
}

type key struct {
	Algorithm string `json:"algorithm"`
	Curve     string `json:"curve"`
	Bits      int    `json:"bits"`
	Exponent  int    `json:"exponent"`
	SPKI      string `json:"spki"`
}

// certificate is what kube-controller-manager's signer would issue.
type certificate struct {
	Subject string    `json:"subject"`
	Names   []name    `json:"names"`
	DNS     []text    `json:"dns"`
	IP      []address `json:"ip"`
	Email   []text    `json:"email"`
	URI     []text    `json:"uri"`
	SPKI    string    `json:"spki"`
}
