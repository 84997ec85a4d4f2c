import { expect, test } from 'vitest';
import { decisionLogConfig } from '../../../src/config/decision-log.ts';

const parse = (value: object) => decisionLogConfig.safeParse(value);
const url = 'https://logs.example.com';

test('by default each decision is a line on standard output, and nowhere else', () => {
  expect(parse({}).data).toEqual({ console: true, labels: {} });
});

test('what a file and a server are given when nothing else is said', () => {
  expect(parse({ file: { path: 'a' }, service: { url } }).data).toEqual({
    console: true,
    labels: {},
    file: { path: 'a', maxBytes: 104_857_600, maxFiles: 5 },
    service: {
      url,
      resource: '/logs',
      credentials: {},
      minDelaySeconds: 5,
      maxDelaySeconds: 10,
      uploadSizeLimitBytes: 262_144,
      bufferSizeLimitBytes: 16_777_216,
    },
  });
});

test.each(['http://127.0.0.1:8282', 'http://localhost/x', 'http://[::1]:1', 'https://10.0.0.1:8443/base/'])(
  '%s is taken',
  (good) => {
    expect(parse({ service: { url: good } }).success).toBe(true);
  },
);

test.each<[string, object, string]>([
  ['no URL', { url: 'logs' }, 'service.url'],
  ['another scheme', { url: 'ftp://logs' }, 'service.url'],
  ['no TLS', { url: 'http://logs.example.com' }, 'service.url'],
  ['a name that only looks like this machine', { url: 'http://127.0.0.1.example.com' }, 'service.url'],
  ['a password in its URL', { url: 'https://user:password@logs.example.com' }, 'service.url'],
  ['a query in its URL', { url: 'https://logs.example.com/?a=b' }, 'service.url'],
  ['a path without a slash', { url, resource: 'logs' }, 'service.resource'],
  ['a certificate without key', { url, credentials: { clientCertificateFile: 'a' } }, 'clientKeyFile'],
  ['delays the wrong way round', { url, minDelaySeconds: 60 }, 'service.maxDelaySeconds'],
  ['an unknown field', { url, tokens: 'a' }, 'service'],
])('a server with %s is refused', (_, service, path) => {
  const { error } = parse({ service });
  expect(error?.issues[0]?.path.join('.')).toContain(path);
});
