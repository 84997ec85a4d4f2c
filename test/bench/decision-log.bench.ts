/**
 * What a line of the decision log costs: `node test/bench/decision-log.bench.ts`. Milliseconds of one thread, beside those of
 * reading the request. Figures to read, not a test.
 */
import { gzipSync } from 'node:zlib';
import { defaultConfig } from '../../src/config/schema.ts';
import { decodeDocument, type Said } from '../../src/decide/decide.ts';
import { probeDocument } from '../../src/decide/probe.ts';
import { masked } from '../../src/decision-log/mask.ts';
import { makeLine, type Logged } from '../../src/decision-log/make-line.ts';
import { textOf } from '../../src/decision-log/text.ts';
import { newDecisionId } from '../../src/observe/decision-id.ts';
import { readMaskRules } from '../../src/policy/mask-rules.ts';
import { request } from '../unit/decide/stubs.ts';
import { judged } from '../unit/controller/judged.ts';
import { cost, print } from './measure.ts';

const passes: Said['floor'] = { ok: true, value: { pass: true, deny: [], wait: [] } };
const allows: Said['policy'] = {
  ok: true,
  value: { allow: true, deny: [], wait: [], warn: [], config_errors: [] },
};
const approval: Logged = {
  request: request(),
  decision: judged(
    { kind: 'approve', reasons: [], warnings: [] },
    {
      input: probeDocument,
      said: { form: passes, floor: passes, policy: allows },
      timings: { decode: 0.1, form: 0.1, facts: 3.3, evaluation: 0.7, total: 4.2 },
    },
  ),
  at: new Date(0),
  enforcement: 'enforce',
  condition: 'Approved',
  labels: { app: 'rego-csr-approver' },
};
const made = () => {
  const line = makeLine(approval);
  if (line === undefined) throw new TypeError('no line');
  return line;
};
const rules = readMaskRules(['/input/requestor/extra']);
if ('problem' in rules) throw new TypeError(rules.problem);

const text = textOf(made());
const lines = Array.from({ length: 100 }, () =>
  text.replace(/"decision_id":"[^"]+"/, newDecisionId().decision),
);
const batch = lines.join(',');
const size = gzipSync(batch, { level: 1 }).length / lines.length;
const options = { now: new Date(0), limits: defaultConfig.limits };
const reading = cost(() => decodeDocument(approval.request, options));

print(`a line of ${String(text.length)} bytes`, 'ms', 'of reading');
for (const [what, ms] of [
  ['reading the request', reading],
  ['making the line, and its text', cost(() => textOf(made()))],
  ['the same with a mask applied', cost(() => textOf(masked(made(), rules)))],
  [`compressing it to ${size.toFixed(0)} bytes`, cost(() => gzipSync(batch, { level: 1 })) / lines.length],
] as const) {
  print(what, ms, ms / reading);
}
