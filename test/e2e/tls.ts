/** What openssl says of a kubelet's port: the eyes of somebody who does not trust our own code. */
import { writeFileSync } from 'node:fs';
import { expectThat } from '../demo/deviation.ts';
import { run } from '../tools/run.ts';
import { command } from './command.ts';
import { kubeletPort } from './kubelet.ts';
import type { Node, World } from './world.ts';

const handshakeMs = 20_000;

export interface Served {
  /** The certificate as `openssl x509` prints it: serial, subject, names. */
  readonly text: string;
  readonly serial: string;
}

/** Everything that a handshake with the kubelet of a node tells. */
async function handshake(world: World, node: Node): Promise<string> {
  const to = ['-connect', `${node.address}:${kubeletPort}`, '-CAfile', world.cluster.caFile];
  const { stdout, stderr } = await run(
    'openssl',
    ['s_client', ...to, '-verify_ip', node.address, '-showcerts'],
    {
      timeoutMs: handshakeMs,
    },
  );
  return `${stdout}\n${stderr}`;
}

/** The kubelet listens, and has no certificate to show. */
export async function expectAlert(world: World, node: Node): Promise<void> {
  const said = await handshake(world, node);
  expectThat(
    said.includes('alert internal error') && said.includes('no peer certificate available'),
    `${node.name} should refuse with a TLS alert, having no certificate; openssl said:\n${said}`,
  );
}

/** The kubelet shows a certificate of its own making. */
export async function expectSelfSigned(world: World, node: Node): Promise<void> {
  const said = await handshake(world, node);
  expectThat(
    /Verify return code: (?!0 )/.test(said) && !said.includes('no peer certificate available'),
    `${node.name} should show a certificate that nobody can verify; openssl said:\n${said}`,
  );
}

/** The chain leads to the cluster's CA, the address is the node's, CN and names are its and no others. */
export async function expectVerified(world: World, node: Node, names: readonly string[]): Promise<Served> {
  const said = await handshake(world, node);
  expectThat(
    said.includes('Verify return code: 0 (ok)'),
    `the certificate of ${node.name} does not verify; openssl said:\n${said}`,
  );
  const [pem = ''] = /-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/.exec(said) ?? [];
  const file = `/run/tmp/served-${node.name}.pem`;
  writeFileSync(file, pem);
  const show = [
    '-noout',
    '-serial',
    '-subject',
    '-nameopt',
    'RFC2253',
    '-ext',
    'subjectAltName,extendedKeyUsage',
  ];
  const text = await command('openssl', ['x509', '-in', file, ...show]);
  const subject = /^subject=(.*)$/m.exec(text)?.[1];
  expectThat(
    subject === `CN=${node.user},O=system:nodes`,
    `the certificate of ${node.name} is for ${subject}`,
  );
  const found = [...text.matchAll(/(?:DNS|IP Address):([^,\s]+)/g)].map(([, name = '']) => name);
  expectThat(
    found.toSorted().join() === names.toSorted().join(),
    `the certificate of ${node.name} names ${found.join(', ')} instead of ${names.join(', ')}`,
  );
  expectThat(
    text.includes('TLS Web Server Authentication'),
    `the certificate of ${node.name} is for: ${text}`,
  );
  return { text, serial: /^serial=(\w+)$/m.exec(text)?.[1] ?? '' };
}
