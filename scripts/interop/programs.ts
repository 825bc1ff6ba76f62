import { readFileSync } from 'node:fs';
import type { GoProgram } from './go-programs.ts';

const MODULE = 'github.com/pulumi/pulumi';

/** The command line of Pulumi, as released. */
export const pulumi = (version: string): GoProgram => ({
  name: 'pulumi',
  path: `${MODULE}/pkg/v3/cmd/pulumi`,
  version,
  linkerFlags: `-X ${MODULE}/sdk/v3/go/common/version.Version=${version}`,
});

/** The command line of Pulumi ESC, as released, with the libraries of that `pulumi`: so they are built once. */
export const esc = (version: string, pulumiVersion: string): GoProgram => ({
  name: 'esc',
  path: 'github.com/pulumi/esc/cmd/esc',
  version,
  beside: [`${MODULE}/pkg/v3@${pulumiVersion}`],
});

/** The reference evaluator of the environment language, which answers cases: see reference.go, which is ours. */
export const reference = (version: string): GoProgram => ({
  name: 'reference',
  path: `${MODULE}/sdk/v3/go/common/esc/eval`,
  version,
  main: readFileSync(new URL('reference.go', import.meta.url), 'utf8'),
});

/** The JWT auth method of Vault, which is configured and asked to log in: see vault.go, which is ours. */
export const vault = (version: string): GoProgram => ({
  name: 'vault',
  path: 'github.com/hashicorp/vault-plugin-auth-jwt',
  version,
  main: readFileSync(new URL('vault.go', import.meta.url), 'utf8'),
});

/** The reading of configurations and tokens of Kubernetes's API server: see apiserver.go, which is ours. */
export const apiServer = (version: string): GoProgram => ({
  name: 'kubernetes',
  path: 'k8s.io/apiserver',
  version,
  main: readFileSync(new URL('apiserver.go', import.meta.url), 'utf8'),
});

const PROVIDER = 'github.com/pulumi/pulumi-pulumiservice/provider/pkg/pulumiapi';

/**
 * The client that the Pulumi Service provider manages issuers with, and the calls of one life of `OidcIssuer`: create,
 * read the policy, write it, read, rename, delete, read again. Prints one JSON document; the program around it is ours.
 */
export const provider = (version: string): GoProgram => ({
  name: 'provider',
  path: PROVIDER,
  version,
  main: `package main

import (
	"context"
	"encoding/json"
	"net/http"
	"os"

	api "${PROVIDER}"
)

func must[T any](value T, err error) T {
	if err != nil {
		os.Stderr.WriteString(err.Error() + "\\n")
		os.Exit(1)
	}
	return value
}

func main() {
	ctx, role := context.Background(), "deployer"
	url, org, issuer, thumbprint := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	client := must(api.NewClient(http.DefaultClient, os.Getenv("PULUMI_ACCESS_TOKEN"), url))
	max := int64(3600)
	created := must(client.RegisterOidcIssuer(ctx, org, api.OidcIssuerRegistrationRequest{
		Name: "from-the-provider", URL: issuer, Thumbprints: []string{thumbprint}, MaxExpiration: &max,
	}))
	empty := must(client.GetAuthPolicies(ctx, org, created.ID))
	rules := func(environment string) map[string]string {
		return map[string]string{"aud": "urn:pulumi:org:" + org, "sub": "repo:acme/core:environment:" + environment}
	}
	saved := must(client.UpdateAuthPolicies(ctx, org, empty.ID, api.AuthPolicyUpdateRequest{
		Definition: []api.AuthPolicyDefinition{
			{Decision: "deny", TokenType: "organization", AuthorizedPermissions: []string{}, Rules: rules("test")},
			{Decision: "allow", TokenType: "organization", RoleID: &role, AuthorizedPermissions: []string{}, Rules: rules("prod")},
			{Decision: "allow", TokenType: "organization", AuthorizedPermissions: []string{"admin"}, Rules: rules("admin")},
		},
	}))
	read := must(client.GetAuthPolicies(ctx, org, created.ID))
	var none []string
	name := "renamed"
	renamed := must(client.UpdateOidcIssuer(ctx, org, created.ID, api.OidcIssuerUpdateRequest{Name: &name, Thumbprints: &none}))
	found := must(client.GetOidcIssuer(ctx, org, created.ID))
	// Twice: a provider whose answer was lost deletes again, and takes 404 for done.
	must(0, client.DeleteOidcIssuer(ctx, org, created.ID))
	must(0, client.DeleteOidcIssuer(ctx, org, created.ID))
	gone := must(client.GetOidcIssuer(ctx, org, created.ID))
	must(0, json.NewEncoder(os.Stdout).Encode(map[string]any{
		"created": created, "empty": empty, "saved": saved, "read": read,
		"renamed": renamed, "found": found, "gone": gone,
	}))
}
`,
});
