// The image's HEALTHCHECK: is the server in this container alive? (Ready to issue is /readyz/issue, for the proxy.)

const answer = await fetch(`http://127.0.0.1:${process.env.RUNPASS_PORT ?? 8080}/healthz`, {
  signal: AbortSignal.timeout(2000),
}).catch(() => undefined);
process.exitCode = answer?.ok ? 0 : 1;
