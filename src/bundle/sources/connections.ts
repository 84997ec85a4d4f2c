import { readFile } from 'node:fs/promises';
import { createSecureContext, type SecureContext } from 'node:tls';
import { Agent, type Dispatcher } from 'undici';
import { messageOf } from '../../text/message.ts';
import { SourceError } from './error.ts';

export interface TlsFiles {
  /** Replaces the CAs of the system. */
  readonly caFile?: string | undefined;
  readonly clientCertificateFile?: string | undefined;
  readonly clientKeyFile?: string | undefined;
}

interface Built {
  readonly material: readonly (Buffer | undefined)[];
  readonly agent: Agent;
}

/**
 * Connections by TLS material, which is read again for every request, since all of it rotates. Two kinds: with our
 * client certificate for the server that is configured, without it for every other that one redirects to.
 */
export class Connections {
  readonly #files: TlsFiles;
  readonly #connectMs: number;
  readonly #built = new Map<'own' | 'foreign', Built>();

  constructor(files: TlsFiles, connectMs: number) {
    this.#files = files;
    this.#connectMs = connectMs;
  }

  /** @throws SourceError SourceCredentials when a file cannot be used, and none could before */
  async to(whose: 'own' | 'foreign'): Promise<Dispatcher> {
    const { caFile, clientCertificateFile, clientKeyFile } = this.#files;
    const built = this.#built.get(whose);
    const material = await Promise.all([
      readTls('caFile', caFile),
      whose === 'own' ? readTls('credentials.clientCertificateFile', clientCertificateFile) : undefined,
      whose === 'own' ? readTls('credentials.clientKeyFile', clientKeyFile) : undefined,
    ]);
    if (built !== undefined && same(built.material, material)) return built.agent;
    const [ca, cert, key] = material;
    let secureContext: SecureContext;
    try {
      secureContext = createSecureContext({ ca, cert, key });
    } catch (cause) {
      // Between the writing of a new certificate and of its key the two do not fit: what we have still works.
      if (built !== undefined) return built.agent;
      const named = [caFile, whose === 'own' ? clientCertificateFile : undefined].filter(Boolean).join(', ');
      throw new SourceError('SourceCredentials', `${named}: not usable for TLS: ${messageOf(cause)}`, {
        cause,
      });
    }
    const agent = new Agent({
      // As for the API server: HTTP/2 is not needed here, and hangs after a GOAWAY.
      allowH2: false,
      pipelining: 1,
      // Said aloud, because Node's default can be switched off by NODE_TLS_REJECT_UNAUTHORIZED.
      connect: { secureContext, rejectUnauthorized: true, timeout: this.#connectMs },
    });
    this.#built.set(whose, { material, agent });
    built?.agent.close().catch(() => undefined);
    return agent;
  }
}

async function readTls(field: string, file: string | undefined): Promise<Buffer | undefined> {
  return file === undefined ? undefined : readCredential(field, file);
}

/** Content of a file that the configuration names, none of which is shown. */
export async function readCredential(field: string, file: string): Promise<Buffer> {
  try {
    const bytes = await readFile(file);
    if (bytes.length > 0) return bytes;
  } catch (cause) {
    throw new SourceError('SourceCredentials', `${field} ${file}: cannot be read (${messageOf(cause)})`, {
      cause,
    });
  }
  throw new SourceError('SourceCredentials', `${field} ${file}: is empty`);
}

function same(a: readonly (Buffer | undefined)[], b: readonly (Buffer | undefined)[]): boolean {
  return a.every((bytes, at) => {
    const other = b[at];
    return bytes === undefined || other === undefined ? bytes === other : bytes.equals(other);
  });
}
