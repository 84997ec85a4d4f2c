import { mkdtempSync, rmSync, writeFileSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { find } from '../../deploy/image/preflight.ts';
import { version } from '../../src/cli/version.ts';
import { Unpacked } from './container.ts';
import { deploymentPod } from './pod.ts';

/** The arm64 image under runc and qemu-user, confined as the Deployment says. */

const emulator = '/usr/bin/qemu-aarch64-static';
const examples = new URL('../../policies/examples/review', import.meta.url).pathname;
let image: Unpacked;
let config: string;
beforeAll(async () => {
  config = mkdtempSync(join(tmpdir(), 'config-'));
  chmodSync(config, 0o755);
  // Emulated, an evaluation takes longer than the 500 ms that are plenty on a real machine.
  const text =
    'apiVersion: rego-csr-approver/v1alpha1\nkind: ApproverConfiguration\nlimits: {evaluationMs: 10000}\n';
  writeFileSync(join(config, 'config.yaml'), text);
  image = await Unpacked.of('arm64');
});
afterAll(() => {
  image?.remove();
  rmSync(config, { recursive: true, force: true });
});

async function run(...args: string[]) {
  const container = image.start({
    pod: deploymentPod(),
    args,
    emulator,
    mounts: { [emulator]: find('qemu-aarch64-static') ?? '', '/examples': examples, '/config': config },
  });
  const code = await container.end();
  return { code, out: container.stdout, err: container.log };
}

const files =
  '--config /config/config.yaml -f /examples/csr.yaml --nodes /examples/nodes.yaml --cluster /examples/cluster.yaml';
const review = (accessReview: string) =>
  run(
    'review',
    ...files.split(' '),
    '--as-new',
    '--output=json',
    `--assume=sar.selfnodeserver=${accessReview}`,
  );

test('answers --version', async () => {
  expect(await run('--version')).toEqual({ code: 0, out: `${version}\n`, err: '' });
});

test('decides a request by the default policy', async () => {
  expect(await review('allowed')).toEqual({ code: 0, out: expect.stringContaining('"approve"'), err: '' });
});

test('and does not approve what the access review refuses', async () => {
  expect(await review('denied')).toEqual({
    code: 1,
    out: expect.stringContaining('"AccessNotGranted"'),
    err: '',
  });
});
