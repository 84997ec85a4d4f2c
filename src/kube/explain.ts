import { bounded, KubeError } from './errors.ts';

/** One sentence for the operator: what is wrong between us and the API server, and what to do about it. */
export function explain(error: unknown, server = 'the API server'): string {
  if (!(error instanceof KubeError)) return bounded(error instanceof Error ? error.message : String(error));
  switch (error.kind) {
    case 'status':
      return explainStatus(error, server);
    case 'network':
      return explainNetwork(error, server);
    case 'timeout':
      return `${server} does not answer in time: is it overloaded, or is a firewall in between? (${error.message})`;
    case 'protocol':
      return `${server} does not answer like a Kubernetes API server: is there a proxy or load balancer in between? (${error.message})`;
    case 'credentials':
    case 'aborted':
      break;
  }
  return error.message;
}

function explainStatus(error: KubeError, server: string): string {
  if (error.status === 401) {
    return `${server} does not accept our credentials: they have expired, were revoked, or belong to another cluster.`;
  }
  // The API server's message names user, verb and resource.
  if (error.status === 403)
    return `${server} forbids it; grant it by RBAC (deploy/ has the rules): ${error.message}`;
  if (error.status === 429) return `${server} is overloaded and asks us to slow down: ${error.message}`;
  const reason = error.reason === undefined ? '' : ` ${error.reason}`;
  return `${server} answered ${String(error.status)}${reason}: ${error.message}`;
}

/** Node's and OpenSSL's codes, and what they mean for somebody who set up a kubeconfig. */
const NETWORK: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there: is the address right and the API server running?',
  ECONNRESET: 'the connection was reset',
  UND_ERR_SOCKET: 'the connection was closed',
  ENOTFOUND: 'the name does not resolve: is the address right?',
  EAI_AGAIN: 'the name could not be resolved: is DNS working?',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it',
  ETIMEDOUT: 'connecting timed out: is the address right and no firewall in between?',
  UND_ERR_CONNECT_TIMEOUT: 'connecting timed out: is the address right and no firewall in between?',
  SELF_SIGNED_CERT_IN_CHAIN:
    'its certificate is signed by an unknown authority: is certificate-authority the right one?',
  DEPTH_ZERO_SELF_SIGNED_CERT:
    'its certificate is signed by an unknown authority: is certificate-authority the right one?',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'its certificate is signed by an unknown authority: is certificate-authority the right one?',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'its certificate is signed by an unknown authority: is certificate-authority the right one?',
  CERT_SIGNATURE_FAILURE:
    'its certificate is signed by an unknown authority: is certificate-authority the right one?',
  CERT_HAS_EXPIRED: 'its certificate has expired, or our clock is wrong',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet: is our clock right?',
  ERR_TLS_CERT_ALTNAME_INVALID:
    'its certificate is for other names: is the address right, or tls-server-name missing?',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: 'it says that our client certificate has expired',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'it does not know the authority of our client certificate',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS there: is the port right?',
};

function explainNetwork(error: KubeError, server: string): string {
  const known = error.reason === undefined ? undefined : NETWORK[error.reason];
  return `cannot reach ${server}: ${known === undefined ? error.message : `${known} (${error.message})`}`;
}
