import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pathWithout, policyTools, Scratch, shell, toolPath } from './shell.ts';

/** A policy of one's own alone: nothing of the default one is asked, so that only the floor stands against a request. */
const withoutBase = [
  "sed -i 's/base.allow$/true/; s/base.\\(deny\\|wait\\|warn\\)$/base.config_errors/' policy/acme/kubelet_serving/decision.rego",
  "sed -i 's/^regal lint policy/true/; s/!= 100/< 0/' ci.sh",
  "printf 'package acme.kubelet_serving_test\\n\\nimport data.acme.kubelet_serving\\n\\ntest_it if kubelet_serving.decision\\n' >policy/acme/kubelet_serving/decision_test.rego",
].join('; ');

/** The one command for policy repositories: a good repository with one thing changed, and what it says of it. */
const changes: readonly (readonly [name: string, change: string, says: string | RegExp])[] = [
  ['no cases', 'rm cases/extend.yaml cases/captures.yaml', 'cases'],
  [
    'no captures to approve',
    'rm captures/approve/*',
    'nothing was tested: there are no captures in captures/approve',
  ],
  [
    'no captures to refuse',
    'rm captures/refuse/*',
    'nothing was tested: there are no captures in captures/refuse',
  ],
  ['no tests', 'rm policy/*/*/*_test.rego', 'nothing was tested: there are no tests in policy'],
  ['no rules of its own', 'rm -r policy/acme', 'nothing was tested: beside policy/csr there is no folder'],
  [
    'no data',
    'rm policy/csr/kubelet_serving/data.yaml',
    'csr.kubelet_serving.config: must be an object; is the data file missing?',
  ],
  [
    'data that is no YAML',
    "printf 'config: [\n' >policy/csr/kubelet_serving/data.yaml",
    'the data cannot be read',
  ],
  [
    'a misspelt knob',
    'sed -i s/newest_only:/newest_onyl:/ policy/csr/kubelet_serving/data.yaml',
    'csr.kubelet_serving.config.newest_onyl: no such knob',
  ],
  [
    'a misspelt knob of the policy for client certificates',
    'sed -i s/bootstrappers:/bootstrapers:/ policy/csr/kubelet_client/data.yaml',
    'csr.kubelet_client.config.bootstrapers: no such knob',
  ],
  ['a wrong namespace', 'sed -i s/^package=.*/package=acme.kubelet/ ci.sh', 'acme.kubelet has no rules'],
  [
    'a field that there is not',
    'sed -i s/input.node.labels/input.node.labls/ policy/acme/kubelet_serving/pool.rego',
    'undefined ref: input.node.labls',
  ],
  [
    'a rule without test',
    "printf '\\nspare if input.name == \"spare\"\\n' >>policy/acme/kubelet_serving/pool.rego; sed -i 's/regal lint/true/' ci.sh",
    'opa test does not cover every line of these',
  ],
  [
    'a file without tests',
    "rm policy/acme/kubelet_serving/decision_test.rego; mkdir policy/more; printf 'package more_test\\n\\ntest_one if 1 == 1\\n' >policy/more/one_test.rego; sed -i 's/regal lint/true/' ci.sh",
    'opa test does not cover every line of these',
  ],
  [
    'a test that fails',
    'sed -i s/edge/hedge/g\\;s/worker/walker/ policy/acme/kubelet_serving/pool.rego',
    'a test fails',
  ],
  ['a file that is not formatted', "printf '\\n\\n\\n' >>policy/acme/kubelet_serving/pool.rego", 'opa fmt'],
  [
    'a lint finding',
    "printf '\\n# TODO: more pools\\n' >>policy/acme/kubelet_serving/pool.rego",
    /todo-comment[^]*ci\.sh: failed: regal lint\n$/,
  ],
  [
    'a function that WebAssembly lacks',
    "printf '\\n_late := time.now_ns()\\n' >>policy/acme/kubelet_serving/pool.rego",
    /undefined function time\.now_ns[^]*the functions are those of capabilities\.json/,
  ],
  ['a package outside of the roots', 'echo \'{"roots": ["csr"]}\' >policy/.manifest', 'do not permit'],
  [
    'a capture in the wrong folder',
    'mv captures/refuse/no-pool.json captures/approve/',
    'a capture in captures/approve is not allowed',
  ],
  [
    'a good capture among the refused',
    'cp captures/approve/worker.json captures/refuse/',
    'a capture in captures/refuse is not refused',
  ],
  [
    'a capture that is no document',
    'echo nothing >captures/approve/worker.json',
    'a capture in captures/approve is not allowed',
  ],
  [
    'a capture that conftest allows and the floor refuses, among the approved',
    `${withoutBase}; sed -i 's/"worker-1"/"localhost"/' captures/approve/worker.json`,
    /captures\/approve\/worker\.json: deny[^]*NameReserved \(floor\)[^]*the program does not approve a capture/,
  ],
  [
    'a capture that the program would approve among the refused',
    'cp captures/approve/worker.json captures/refuse/; sed -i "s/^judge refuse.*/true/" ci.sh',
    /captures\/refuse\/worker\.json: approve[^]*the program does not refuse a capture/,
  ],
  [
    'a capture among the refused that the program cannot decide',
    `cp captures/refuse/no-pool.json captures/refuse/no-access.json; sed -i 's/"selfnodeserver": {/"another": {/' captures/refuse/no-access.json`,
    /captures\/refuse\/no-access\.json: error[^]*the program does not refuse a capture/,
  ],
  [
    'a case that fails',
    'sed -i "0,/verdict: approve/s//verdict: wait/" cases/extend.yaml',
    /POOL-01[^]*ci\.sh: failed: rego-csr-approver verify/,
  ],
  [
    'a knob of a wrong value',
    'sed -i "s/max_expiration_seconds: .*/max_expiration_seconds: 1/" policy/csr/kubelet_serving/data.yaml',
    'csr.kubelet_serving.config.max_expiration_seconds: must be a whole number',
  ],
  [
    'a vendored rule that was edited',
    "printf '\\n' >>policy/csr/kubelet_serving/decision.rego",
    'policy/csr/kubelet_serving/decision.rego: FAILED',
  ],
  [
    'a rule among the vendored',
    "printf 'package csr.kubelet_serving\\n\\nnode_found := true\\n' >policy/csr/kubelet_serving/more.rego",
    'policy/csr holds rules that are not vendored',
  ],
  ['a schema that was edited', 'sed -i s/labels/lables/ schemas/input.json', 'schemas/input.json: FAILED'],
];

describe('ci.sh', () => {
  const scratch = new Scratch();
  let path: string;

  beforeAll(async () => {
    path = await toolPath();
    await shell('rego-csr-approver init good', scratch.root, path);
  });
  afterAll(() => scratch.remove());

  it('passes on a fresh repository, from anywhere, and leaves the bundle', async () => {
    const { code, said } = await shell('good/ci.sh; test -s good/build/policy.tar.gz', scratch.root, path);
    expect([code, said]).toEqual([0, expect.stringMatching(/build\/policy\.tar\.gz is good\n$/)]);
  });

  it('is one of the commands of its README, each of which does what it says in a fresh repository', async () => {
    const copy = await freshCopy();
    const readme = readFileSync(join(copy, 'README.md'), 'utf8');
    const commands = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = '']) => block.trim());
    expect(commands).toContain('./ci.sh');
    expect(commands.join('\n')).toMatch(
      /opa build[^]*conftest[^]* review [^]* verify [^]* init --update[^]* build /,
    );
    for (const command of commands.filter((line) => line !== './ci.sh')) {
      // oxlint-disable-next-line no-await-in-loop -- one needs what another has left
      const { code, said } = await shell(command.replace('NAME.json', 'worker.json'), copy, path);
      expect([command, code, said]).toEqual([command, 0, expect.any(String)]);
      if (command.includes(' verify ')) expect(said).toMatch(/^7 cases: 7 passed, 0 failed/m);
    }
    expect(readdirSync(join(copy, 'build')).sort()).toEqual(['draft.tar.gz', 'policy.tar.gz']);
  });

  it('leaves a bundle by which the program decides', async () => {
    const review = 'rego-csr-approver review --config config.yaml --bundle build/policy.tar.gz --input';
    const good = scratch.path('good');
    const approved = await shell(`${review} captures/approve/worker.json`, good, path);
    expect(approved).toMatchObject({ code: 0, said: expect.stringContaining('verdict: approve') });
    const refused = await shell(`${review} captures/refuse/no-pool.json`, good, path);
    expect(refused).toMatchObject({ code: 1, said: expect.stringContaining('PoolUnknown (policy)') });
  });

  /** Without what an earlier run has built. */
  async function freshCopy(): Promise<string> {
    const copy = scratch.copyOf('good');
    await shell('rm -rf build', copy, path);
    return copy;
  }

  it.each(changes)('fails with %s', async (_, change, says) => {
    const copy = scratch.copyOf('good');
    // As an earlier run may have left it.
    mkdirSync(join(copy, 'build'), { recursive: true });
    writeFileSync(join(copy, 'build/policy.tar.gz'), 'stale');
    expect((await shell(change, copy, path)).code).toBe(0);
    const { code, said } = await shell('./ci.sh', copy, path);
    if (typeof says === 'string') expect(said).toContain(says);
    else expect(said).toMatch(says);
    expect(said).toMatch(/\nci\.sh: .+\n$/);
    expect(code).not.toBe(0);
    expect(said).not.toContain('is good');
    expect(existsSync(join(copy, 'build/policy.tar.gz'))).toBe(false);
  });

  it.each([...policyTools, 'sha256sum'])('names the tool that is missing: %s', async (tool) => {
    const copy = scratch.copyOf('good');
    const { code, said } = await shell('./ci.sh', copy, await pathWithout(tool, join(copy, 'bin')));
    expect([code, said]).toEqual([1, expect.stringContaining(`${tool} is missing`)]);
  });
});
