import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Pki } from '../control-plane/pki.ts';
import { guideBlocks } from '../support/guide.ts';

/** The script of the guide that says whose serving certificate the API server may check; test/e2e has it ask kubelets. */

const exec = promisify(execFile);
const directory = mkdtempSync(join(tmpdir(), 'check-'));
const servers: Server[] = [];
beforeAll(async () => {
  const [ours, another] = [await Pki.create(), await Pki.create()];
  writeFileSync(join(directory, 'ca.crt'), ours.certificate);
  await serve('127.9.0.1', ours, ['127.9.0.1']);
  await serve('::1', ours, ['::1']);
  await serve('127.9.0.2', another, ['127.9.0.2']);
  await serve('127.9.0.3', ours, ['127.9.0.1']);
  // As kubectl prints the nodes; `two` has an address of each family.
  const nodes = [
    'signed 127.9.0.1',
    'six ::1',
    'two 127.9.0.1 ::1',
    'foreign 127.9.0.2',
    'moved 127.9.0.3',
    'away 127.9.0.4',
    'new ',
  ];
  const kubectl = join(directory, 'kubectl');
  writeFileSync(kubectl, `#!/bin/sh\ncat << END\n${nodes.join('\n')}\nEND\n`);
  chmodSync(kubectl, 0o755);
});
afterAll(() => {
  for (const server of servers) server.close();
  rmSync(directory, { recursive: true });
});

/** @param names in its certificate */
async function serve(address: string, pki: Pki, names: readonly string[]): Promise<void> {
  const { certificate: cert, key } = await pki.issue({ commonName: 'x', names, usage: 'server' });
  const server = createServer({ cert, key }).listen(10250, address);
  server.on('tlsClientError', () => undefined);
  servers.push(server);
  await once(server, 'listening');
}

test('tells of each node whether its certificate is verified, and if not, why', async () => {
  const [script = ''] = guideBlocks('Make the API server check', 'sh');
  const env = { PATH: [directory, process.env['PATH']].join(delimiter), CA: join(directory, 'ca.crt') };
  const { stdout } = await exec('sh', ['-c', script], { env });
  expect(stdout.trimEnd().split('\n')).toEqual([
    'ok signed',
    'ok six',
    'ok two',
    expect.stringMatching(/^NOT YET foreign: .*(issuer|signed certificate|signature failure)/),
    expect.stringMatching(/^NOT YET moved: .*IP address mismatch/),
    expect.stringMatching(/^NOT YET away: .*Connection refused/),
    'NOT YET new: it lists no InternalIP',
  ]);
});
