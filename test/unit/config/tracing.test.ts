import { expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/load.ts';

const parse = (tracing: string) =>
  parseConfig(
    `apiVersion: rego-csr-approver/v1alpha1\nkind: ApproverConfiguration\n${tracing}`,
    'config.yaml',
  ).tracing;
const collector = 'http://otel-collector.monitoring:4318/v1/traces';

test('there is none by default', () => {
  expect(parse('')).toBeUndefined();
});

test('an endpoint is enough', () => {
  expect(parse(`tracing: {endpoint: "${collector}"}`)).toEqual({ endpoint: collector, samplingRatio: 1 });
});

test.each([
  'https://collector.example/v1/traces',
  'http://127.0.0.1:4318/v1/traces',
  'http://[::1]:4318/v1/traces',
  'http://localhost:4318/v1/traces',
])('secret headers may go to %s', (endpoint) => {
  expect(parse(`tracing: {endpoint: "${endpoint}", headersFile: /f}`)).toMatchObject({ headersFile: '/f' });
});

test.each([
  ['{}', /tracing.endpoint/],
  ['{endpoint: otel-collector:4318}', /tracing.endpoint: not a URL/],
  ['{endpoint: "grpc://x"}', /tracing.endpoint: not a URL/],
  ['{endpoint: "https://user:secret@x/v1/traces"}', /headersFile/],
  ['{endpoint: "https://x/v1/traces?key=secret"}', /headersFile/],
  [`{endpoint: "${collector}", headersFile: /f}`, /tracing.headersFile: .*in the clear.*https/],
  ['{endpoint: "http://127.example.com/", headersFile: /f}', /tracing.headersFile/],
  ['{endpoint: "https://x/", samplingRatio: 1.1}', /tracing.samplingRatio/],
  ['{endpoint: "https://x/", sampling: 1}', /tracing.sampling: unknown field/],
])('%s is refused', (tracing, said) => {
  const parsing = () => parse(`tracing: ${tracing}`);
  expect(parsing).toThrow(said);
  expect(parsing).not.toThrow(/secret/);
});
