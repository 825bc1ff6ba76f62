// How the API server of Kubernetes reads a structured configuration and takes a token by it, as a program. Reads JSON,
// the world first, then one question after the other; answers each with a line.
//
// Time stands still at `now`, so that what it says of a token can be written down. Nothing is fetched: every issuer
// signs with the world's keys.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	jose "gopkg.in/go-jose/go-jose.v2"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/apiserver/pkg/apis/apiserver"
	"k8s.io/apiserver/pkg/apis/apiserver/install"
	"k8s.io/apiserver/pkg/apis/apiserver/validation"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/cel"
	"k8s.io/apiserver/pkg/server/egressselector"
	"k8s.io/apiserver/plugin/pkg/authenticator/token/oidc"
	"k8s.io/klog/v2"
)

type world struct {
	Now  int64              `json:"now"`
	Keys jose.JSONWebKeySet `json:"keys"`
}

type question struct {
	Document   string   `json:"document"`
	Token      string   `json:"token"`
	Algorithms []string `json:"algorithms"`
}

// Why the configuration was not loaded, or why the token was not taken; otherwise who it is of.
type answer struct {
	Load   []string            `json:"load,omitempty"`
	Denied string              `json:"denied,omitempty"`
	User   string              `json:"user,omitempty"`
	Groups []string            `json:"groups,omitempty"`
	UID    string              `json:"uid,omitempty"`
	Extra  map[string][]string `json:"extra,omitempty"`
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func (w world) VerifySignature(_ context.Context, token string) ([]byte, error) {
	parsed, err := jose.ParseSigned(token)
	if err != nil {
		return nil, err
	}
	for _, key := range w.Keys.Keys {
		if payload, err := parsed.Verify(key); err == nil {
			return payload, nil
		}
	}
	return nil, errors.New("signed with another key")
}

var scheme = runtime.NewScheme()
var codecs = serializer.NewCodecFactory(scheme, serializer.EnableStrict)

type loaded struct {
	authenticators []authenticator.Token
	refused        []string
}

func (w world) load(q question, compiler cel.Compiler) (l loaded) {
	defer func() {
		if r := recover(); r != nil {
			l.refused = []string{fmt.Sprint("panic: ", r)}
		}
	}()
	decoded, err := runtime.Decode(codecs.UniversalDecoder(), []byte(q.Document))
	if err != nil {
		return loaded{refused: []string{err.Error()}}
	}
	configuration, ok := decoded.(*apiserver.AuthenticationConfiguration)
	if !ok {
		return loaded{refused: []string{fmt.Sprintf("is a %T", decoded)}}
	}
	for _, problem := range validation.ValidateAuthenticationConfiguration(compiler, configuration, nil) {
		l.refused = append(l.refused, problem.Error())
	}
	if l.refused != nil {
		return l
	}
	if q.Algorithms == nil {
		q.Algorithms = oidc.AllValidSigningAlgorithms()
	}
	for _, one := range configuration.JWT {
		one.Issuer.DiscoveryURL = ""
		made, err := oidc.New(context.Background(), oidc.Options{
			JWTAuthenticator: one, KeySet: w, Compiler: compiler, SupportedSigningAlgs: q.Algorithms,
			EgressLookup: func(egressselector.NetworkContext) (utilnet.DialFunc, error) {
				return new(net.Dialer).DialContext, nil
			},
		})
		if err != nil {
			return loaded{refused: []string{err.Error()}}
		}
		l.authenticators = append(l.authenticators, made)
	}
	return l
}

func (l loaded) try(q question) (a answer) {
	if l.refused != nil {
		return answer{Load: l.refused}
	}
	defer func() {
		if r := recover(); r != nil {
			a = answer{Denied: fmt.Sprint("panic: ", r)}
		}
	}()
	var said []string
	for _, one := range l.authenticators {
		response, ok, err := one.AuthenticateToken(context.Background(), q.Token)
		if err != nil {
			said = append(said, err.Error())
		}
		if ok {
			u := response.User
			return answer{User: u.GetName(), Groups: u.GetGroups(), UID: u.GetUID(), Extra: u.GetExtra()}
		}
	}
	return answer{Denied: "denied " + strings.Join(said, "; ")}
}

func main() {
	in := json.NewDecoder(bufio.NewReaderSize(os.Stdin, 1<<20))
	out := bufio.NewWriter(os.Stdout)
	quiet := flag.NewFlagSet("klog", flag.PanicOnError)
	klog.InitFlags(quiet)
	check(quiet.Parse([]string{"-logtostderr=false", "-stderrthreshold=FATAL", "-alsologtostderr=false"}))
	klog.SetOutput(new(strings.Builder))
	install.Install(scheme)
	var w world
	check(in.Decode(&w))
	answering := func(t *testing.T) {
		time.Sleep(time.Until(time.Unix(w.Now, 0)))
		compiler := cel.NewDefaultCompiler()
		encoder := json.NewEncoder(out)
		encoder.SetEscapeHTML(false)
		var last question
		var l loaded
		for in.More() {
			var q question
			check(in.Decode(&q))
			if q.Document != last.Document || last.Token == "" || fmt.Sprint(q.Algorithms) != fmt.Sprint(last.Algorithms) {
				l = w.load(q, compiler)
			}
			last = q
			check(encoder.Encode(l.try(q)))
		}
		check(out.Flush())
		os.Exit(0)
	}
	// Only a test can have a time of its own.
	testing.Main(func(_, _ string) (bool, error) { return true, nil }, []testing.InternalTest{
		{Name: "answering", F: func(t *testing.T) { synctest.Test(t, answering) }},
	}, nil, nil)
}
