import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { audit, type AuditSources } from '../../../src/audit/audit.ts';
import type { Audited } from '../../../src/audit/finding.ts';
import type { Handshake } from '../../../src/audit/handshake.ts';
import { buildCertificate, toCertificatePEM } from '../../support/certificate.ts';
import { csrObject } from '../../support/csr-object.ts';
import { gathers, limits, now, policiesThat } from '../decide/stubs.ts';

const unreachable: Handshake = { kind: 'unreachable', reason: 'ETIMEDOUT' };
const shown: Handshake = {
  kind: 'shown',
  certificate: new X509Certificate(buildCertificate()),
  problem: undefined,
};

async function* pagesOf(items: readonly object[], size = 50) {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}

const nodes = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    node: `n${String(i)}`,
    target: { address: `10.0.${String(i >> 8)}.${String(i & 255)}`, port: 10_250 },
  }));

async function run(given: Partial<AuditSources> = {}): Promise<Audited[]> {
  const all: Audited[] = [];
  const sources: AuditSources = {
    requests: () => pagesOf([]),
    kubelets: [],
    which: 'auto',
    gather: gathers(),
    policies: policiesThat(),
    limits,
    shakeHands: () => Promise.resolve(shown),
    isVerified: true,
    now: () => now,
    explain: false,
    ...given,
  };
  for await (const one of audit(sources)) all.push(one);
  return all;
}

const asked = (all: readonly Audited[]) => all.filter(({ kind }) => kind === 'kubelet').length;
const last = (all: readonly Audited[]) => all.at(-1)?.findings;

test('requests come in the order of the list, whatever each takes; what is for another signer is passed by', async () => {
  const requests = Array.from({ length: 120 }, (_, i) =>
    csrObject({ name: `csr-${String(i)}`, uid: `u${String(i)}` }),
  );
  const other = csrObject({ signerName: 'example.com/other' });
  let pause = 0;
  const all = await run({
    requests: () => pagesOf([other, ...requests]),
    gather: async (needs, input) => {
      pause = (pause * 7 + 3) % 5;
      for (let turn = 0; turn < pause; turn += 1) await Promise.resolve(); // oxlint-disable-line no-await-in-loop
      return gathers()(needs, input);
    },
  });
  expect(all.map((one) => (one.kind === 'csr' ? one.name : ''))).toEqual(
    requests.map(({ metadata: { name } }) => name),
  );
});

test('a request that cannot be read is a hole', async () => {
  const metadata = { name: 'broken', uid: 'u', resourceVersion: '1' };
  const all = await run({ requests: () => pagesOf([{ metadata }]) });
  expect(all).toEqual([
    {
      kind: 'run',
      findings: [
        { code: 'NotJudged', message: expect.stringMatching(/^request broken cannot be read: spec: /) },
      ],
    },
  ]);
});

/** Counts what is under way at once. */
const counter = () => {
  const count = { now: 0, most: 0 };
  return {
    count,
    during: async <T>(result: T): Promise<T> => {
      count.now += 1;
      count.most = Math.max(count.most, count.now);
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      count.now -= 1;
      return result;
    },
  };
};

test('never more than 32 kubelets are connected to at once, and 8 requests judged', async () => {
  const [kubelets, requests] = [counter(), counter()];
  await run({
    kubelets: nodes(500),
    shakeHands: () => kubelets.during(shown),
    requests: () =>
      pagesOf(
        Array.from({ length: 100 }, () => csrObject()),
        100,
      ),
    gather: () => requests.during({ facts: {}, failures: [] }),
  });
  expect(kubelets.count.most).toBe(32);
  // Kubelets that answer are judged as they come.
  expect(requests.count.most).toBeLessThanOrEqual(32);
});

const isLoopback = () => 'it is loopback';
const silent = () => Promise.resolve(unreachable);

describe('where no kubelet answers', () => {
  test('the first ones are asked, and the others counted', async () => {
    const all = await run({ kubelets: nodes(500), shakeHands: silent });
    // Those that were being asked when the last of 64 had not answered as well.
    expect(asked(all)).toBeGreaterThanOrEqual(64);
    expect(asked(all)).toBeLessThan(64 + 32);
    const [silentOnes, others] = [asked(all), 500 - asked(all)].map(String);
    expect(last(all)).toEqual([
      {
        code: 'KubeletsNotAsked',
        message: `${silentOnes} kubelets did not answer, and none did: ${others} more were not asked`,
      },
    ]);
  });

  test('all are asked who are to be', async () => {
    const all = await run({ kubelets: nodes(500), shakeHands: silent, which: 'all' });
    expect([asked(all), all.filter(({ kind }) => kind === 'run')]).toEqual([500, []]);
  });

  test('one that answers is enough to go on', async () => {
    let count = 0;
    const shakeHands = () => Promise.resolve(++count === 40 ? shown : unreachable);
    expect(asked(await run({ kubelets: nodes(500), shakeHands }))).toBe(500);
  });

  test('even if it only says that it has no certificate', async () => {
    let count = 0;
    const shakeHands = () => Promise.resolve<Handshake>(++count === 1 ? { kind: 'refused' } : unreachable);
    expect(asked(await run({ kubelets: nodes(500), shakeHands }))).toBe(500);
  });

  test('addresses that are refused are no silence', async () => {
    expect(asked(await run({ kubelets: nodes(500), shakeHands: silent, refused: isLoopback }))).toBe(500);
  });

  test('none is asked who is not to be', async () => {
    const all = await run({ kubelets: nodes(5), which: 'none' });
    expect(all).toEqual([]);
  });
});

test('without a CA it says that nothing was verified, once, where a kubelet answered', async () => {
  const all = await run({ kubelets: nodes(3), isVerified: false });
  const told = all.filter(({ kind }) => kind === 'run');
  expect(told.map(({ findings }) => findings.map(({ code }) => code))).toEqual([['KubeletsNotVerified']]);
  const none = await run({ kubelets: nodes(3), isVerified: false, shakeHands: silent });
  expect(none.filter(({ kind }) => kind === 'run')).toEqual([]);
});

test('a served certificate is recognized as the one that was issued for a request', async () => {
  const certificate = toCertificatePEM(buildCertificate());
  const all = await run({
    requests: () => pagesOf([csrObject({ name: 'csr-of-n1', certificate })]),
    kubelets: nodes(2).slice(1),
  });
  expect(all.at(-1)).toMatchObject({ kind: 'kubelet', request: 'csr-of-n1' });
});
