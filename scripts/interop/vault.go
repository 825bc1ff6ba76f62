// The JWT auth method of Vault as a program: it is configured, given a role and asked to log in with a token, as often
// as there are questions. Reads JSON, the world first, then one question after the other; answers each with a line.
//
// Time stands still at `now`, so that what it says of a token can be written down. Key sets are fetched through a proxy
// of its own, which is all of the internet: `issuers` publish the world's keys, every other address publishes others.
package main

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"
	jwtauth "github.com/hashicorp/vault-plugin-auth-jwt"
	"github.com/hashicorp/vault/sdk/logical"
)

type world struct {
	Now     int64           `json:"now"`
	Issuers []string        `json:"issuers"`
	Keys    json.RawMessage `json:"keys"`
	Others  json.RawMessage `json:"others"`
}

type question struct {
	Config map[string]any `json:"config"`
	Role   map[string]any `json:"role"`
	Token  string         `json:"token"`
}

// What each step said when it refused; otherwise who logged in.
type answer struct {
	Config string            `json:"config,omitempty"`
	Role   string            `json:"role,omitempty"`
	Login  string            `json:"login,omitempty"`
	User   *string           `json:"user,omitempty"`
	Groups []string          `json:"groups,omitempty"`
	Said   map[string]string `json:"said,omitempty"`
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// An authority for every host there is, of which the system is told by a file.
func (w world) serve() {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "interop"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<32, 0), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	check(err)
	file, err := os.CreateTemp("", "interop-*.pem")
	check(err)
	check(pem.Encode(file, &pem.Block{Type: "CERTIFICATE", Bytes: der}))
	check(file.Close())
	check(os.Setenv("SSL_CERT_FILE", file.Name()))
	check(os.Setenv("SSL_CERT_DIR", file.Name()))

	var lock sync.Mutex
	known := map[string]*tls.Certificate{}
	certificate := func(host string) (*tls.Certificate, error) {
		lock.Lock()
		defer lock.Unlock()
		if found, ok := known[host]; ok {
			return found, nil
		}
		own := &x509.Certificate{
			SerialNumber: big.NewInt(2), DNSNames: []string{host}, NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<32, 0),
		}
		der, err := x509.CreateCertificate(rand.Reader, own, template, &key.PublicKey, key)
		if err != nil {
			return nil, err
		}
		known[host] = &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
		return known[host], nil
	}

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY"} {
		check(os.Setenv(name, "http://"+listener.Addr().String()))
	}
	check(os.Setenv("NO_PROXY", ""))
	go http.Serve(listener, http.HandlerFunc(func(out http.ResponseWriter, in *http.Request) {
		if in.Method != http.MethodConnect {
			w.publish(out, in, "http://"+in.Host)
			return
		}
		connection, _, err := out.(http.Hijacker).Hijack()
		check(err)
		fmt.Fprint(connection, "HTTP/1.1 200 OK\r\n\r\n")
		secure := tls.Server(connection, &tls.Config{GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			return certificate(hello.ServerName)
		}})
		http.Serve(&once{connection: secure}, http.HandlerFunc(func(out http.ResponseWriter, in *http.Request) {
			w.publish(out, in, "https://"+strings.TrimSuffix(in.Host, ":443"))
		}))
	}))
}

// A listener of one connection.
type once struct{ connection net.Conn }

func (o *once) Accept() (net.Conn, error) {
	if o.connection == nil {
		return nil, net.ErrClosed
	}
	taken := o.connection
	o.connection = nil
	return taken, nil
}
func (o *once) Close() error   { return nil }
func (o *once) Addr() net.Addr { return &net.TCPAddr{} }

const wellKnown = "/.well-known/openid-configuration"

func (w world) publish(out http.ResponseWriter, in *http.Request, origin string) {
	address, keys := origin+in.URL.Path, w.Others
	known := false
	for _, issuer := range w.Issuers {
		isBeside := strings.HasPrefix(address, issuer+"/v2/")
		if parsed, err := url.Parse(issuer); err == nil && parsed.Scheme+"://"+parsed.Host == origin && !isBeside {
			keys = w.Keys
			known = known || address == issuer+wellKnown || address == issuer+"/jwks"
		}
	}
	issuer, isDiscovery := strings.CutSuffix(address, wellKnown)
	out.Header().Set("Content-Type", "application/json")
	switch {
	case string(keys) == string(w.Keys) && !known:
		http.NotFound(out, in)
	case isDiscovery:
		json.NewEncoder(out).Encode(map[string]string{"issuer": issuer, "jwks_uri": issuer + "/jwks"})
	default:
		out.Write(keys)
	}
}

type method struct {
	backend logical.Backend
	storage logical.Storage
	refused string
}

func (m method) ask(operation logical.Operation, path string, data map[string]any) (said *logical.Response, refused string) {
	defer func() {
		if r := recover(); r != nil {
			refused = fmt.Sprint("panic: ", r)
		}
	}()
	said, err := m.backend.HandleRequest(context.Background(), &logical.Request{
		Operation: operation, Path: path, Data: data, Storage: m.storage,
		Connection: &logical.Connection{RemoteAddr: "10.0.0.1"},
	})
	if said != nil && said.IsError() {
		return nil, said.Error().Error()
	}
	if err != nil {
		return nil, err.Error()
	}
	return said, ""
}

func open(config map[string]any) method {
	m := method{storage: &logical.InmemStorage{}}
	var err error
	m.backend, err = jwtauth.Factory(context.Background(), &logical.BackendConfig{
		Logger: hclog.NewNullLogger(), StorageView: m.storage,
		System: &logical.StaticSystemView{DefaultLeaseTTLVal: time.Hour, MaxLeaseTTLVal: 24 * 365 * time.Hour},
	})
	check(err)
	_, m.refused = m.ask(logical.UpdateOperation, "config", config)
	return m
}

func (m method) try(q question) (a answer) {
	if m.refused != "" {
		a.Config = m.refused
	}
	check(m.storage.Delete(context.Background(), "role/asked"))
	if _, a.Role = m.ask(logical.CreateOperation, "role/asked", q.Role); a.Role != "" || a.Config != "" {
		return a
	}
	said, refused := m.ask(logical.UpdateOperation, "login", map[string]any{"role": "asked", "jwt": q.Token})
	if refused != "" {
		a.Login = refused
		return a
	}
	a.User, a.Said = &said.Auth.DisplayName, said.Auth.Metadata
	delete(a.Said, "role")
	for _, group := range said.Auth.GroupAliases {
		a.Groups = append(a.Groups, group.Name)
	}
	return a
}

func main() {
	in := json.NewDecoder(bufio.NewReaderSize(os.Stdin, 1<<20))
	// As Vault reads what is sent to it.
	in.UseNumber()
	out := bufio.NewWriter(os.Stdout)
	var w world
	check(in.Decode(&w))
	w.serve()
	answering := func(t *testing.T) {
		time.Sleep(time.Until(time.Unix(w.Now, 0)))
		opened := map[string]method{}
		encoder := json.NewEncoder(out)
		encoder.SetEscapeHTML(false)
		for in.More() {
			var q question
			check(in.Decode(&q))
			key, err := json.Marshal(q.Config)
			check(err)
			m, ok := opened[string(key)]
			if !ok {
				m = open(q.Config)
				opened[string(key)] = m
			}
			check(encoder.Encode(m.try(q)))
		}
		check(out.Flush())
		os.Remove(os.Getenv("SSL_CERT_FILE"))
		os.Exit(0)
	}
	// Only a test can have a time of its own.
	testing.Main(func(_, _ string) (bool, error) { return true, nil }, []testing.InternalTest{
		{Name: "answering", F: func(t *testing.T) { synctest.Test(t, answering) }},
	}, nil, nil)
}
