import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isSigned, type OracleAnswer } from '../oracle/answer.ts';
import { kubeletRequests, Oracle } from '../oracle/oracle.ts';
import { buildCSR } from '../support/csr.ts';
import { readTree, walk } from '../support/der-tree.ts';
import { unarmoured } from './armour.ts';
import { judge } from './judge.ts';
import { breaches } from './law.ts';
import { readRequest } from './reading.ts';

let oracle: Oracle;
beforeAll(async () => {
  oracle = await Oracle.start();
});
afterAll(() => oracle.close());

/** The other direction of the law: strictness must not cost a kubelet its certificate. */
describe('what kubelets send', () => {
  let requests: Uint8Array[];
  let answers: OracleAnswer[];

  beforeAll(async () => {
    requests = await kubeletRequests();
    answers = await oracle.askAll(requests);
  });

  it('is signed by the signer', () => {
    expect(requests.length).toBeGreaterThan(150);
    expect(answers.every(isSigned)).toBe(true);
  });

  it('is accepted and read as it was meant', () => {
    for (const [i, request] of requests.entries()) {
      const reading = readRequest(request);
      expect(reading).toMatchObject({ accepted: true });
      const answer = answers[i];
      expect(answer && breaches(request, reading, answer, judge)).toEqual([]);
    }
  });

  it('has the same elements as the request that the tests start from', () => {
    const ours = shape(buildCSR({ node: 'node-0-0.example.com', dns: ['node-0.example.com'] }).pem);
    expect(requests[0] && shape(requests[0])).toEqual(ours);
  });
});

const shape = (request: Uint8Array): (number | undefined)[] =>
  walk(readTree(unarmoured(request) ?? new Uint8Array())).map(({ identifier }) => identifier[0]);
