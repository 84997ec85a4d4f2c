import { expect, test } from 'vitest';
import { nodesThen } from '../../../src/audit/nodes-then.ts';
import { decodeDocument } from '../../../src/decide/decide.ts';
import { missingNode, nodeFact } from '../../../src/facts/node.ts';
import { noFacts } from '../../../src/policy/needs.ts';
import { gathers, limits, now, request } from '../decide/stubs.ts';
import { cap, node } from '../facts/nodes.ts';

const made = (creationTimestamp: string) => nodeFact(node('n1', [], { creationTimestamp }), cap);
const machine = 'system:bootstrap:abcdef';

/** Now is 2026-11-22T06:00:01Z. */
test.each([
  ['a machine, and a Node made later', machine, made('2026-11-22T06:00:02Z'), false],
  ['a machine, and a Node made in that second', machine, made('2026-11-22T06:00:01Z'), false],
  ['a machine, and a Node that was there before', machine, made('2026-11-22T06:00:00Z'), true],
  ['a machine, and no Node', machine, missingNode('n1'), false],
  ['a node, and its Node made later', 'system:node:n1', made('2026-11-22T06:00:02Z'), true],
])('%s', async (_, username, fact, found) => {
  const document = decodeDocument(request({ username }), { now, limits });
  if ('reason' in document) throw new Error(document.reason.msg);
  const { facts } = await nodesThen(gathers({ node: fact }))(noFacts, document);
  expect(facts.node).toMatchObject({ found, name: 'n1' });
});

test('where no Node was asked for there is none', async () => {
  const document = decodeDocument(request(), { now, limits });
  if ('reason' in document) throw new Error(document.reason.msg);
  expect(await nodesThen(gathers())(noFacts, document)).toEqual({ facts: {}, failures: [] });
});
