import { expect, test } from 'vitest';
import { redirectTarget } from '../../../../src/bundle/sources/redirect.ts';

const target = (from: string, location: string, verified = false) =>
  redirectTarget('b', new URL(from), { status: 302, headers: { location }, body: Buffer.alloc(0) }, verified)
    .href;

test.each<[string, string, boolean, string]>([
  ['https://a/x/y', '../z?q', false, 'https://a/z?q'],
  ['https://a/x', '//b/y', false, 'https://b/y'],
  ['https://a/x', 'https://b:1/y', false, 'https://b:1/y'],
  ['http://a/x', 'https://a/x', false, 'https://a/x'],
  ['http://a/x', 'http://b/x', true, 'http://b/x'],
  ['http://127.0.0.1/x', 'http://localhost/x', false, 'http://localhost/x'],
  ['https://localhost/x', 'https://a/x', false, 'https://a/x'],
  ['https://a/x', 'https://128.0.0.1/x', false, 'https://128.0.0.1/x'],
  ['https://a/x', 'https://[2001:db8::1]/x', false, 'https://[2001:db8::1]/x'],
  ['https://a/x', 'https://notlocalhost/x', false, 'https://notlocalhost/x'],
])('from %s to %s, verified %s', (from, location, verified, expected) => {
  expect(target(from, location, verified)).toBe(expected);
});

test.each<[string, string, boolean, RegExp]>([
  ['https://a/x', 'http://a/x', false, /without TLS/],
  ['https://a/x', 'http://a/x', true, /without TLS/],
  ['https://127.0.0.1/x', 'http://127.0.0.1/x', false, /without TLS/],
  ['http://127.0.0.1/x', 'http://a/x', false, /without TLS/],
  ['https://a/x', 'https://127.0.0.1:8080/x', false, /this machine/],
  ['http://a/x', 'http://[::1]/x', true, /this machine/],
  ['http://a/x', 'http://2130706433/x', true, /this machine/],
  ['https://a/x', 'https://LOCALHOST/x', false, /this machine/],
  ['https://a/x', 'https://localhost./x', false, /this machine/],
  ['https://a/x', 'https://b.localhost/x', false, /this machine/],
  ['https://a/x', 'https://0.0.0.0/x', false, /this machine/],
  ['https://a/x', 'https://[::]/x', false, /this machine/],
  ['https://a/x', 'https://[::ffff:127.0.0.1]/x', false, /this machine/],
  ['http://a/x', 'http://169.254.169.254/x', true, /this machine/],
  ['http://a/x', 'http://[fe80::1]/x', true, /this machine/],
  ['https://a/x', 'ftp://a/x', false, /to ftp:/],
  ['https://a/x', 'data:,x', false, /to data:/],
  ['https://a/x', 'https://u@a/x', false, /credentials/],
])('from %s not to %s, verified %s', (from, location, verified, message) => {
  expect(() => target(from, location, verified)).toThrow(expect.objectContaining({ code: 'SourceRedirect' }));
  expect(() => target(from, location, verified)).toThrow(message);
});
