import { expect, test } from 'vitest';
import { parseHeaders } from '../../../src/tracing/headers.ts';

test('a line is a header', () => {
  expect(parseHeaders('Authorization: Bearer x:y=\r\n\nX-Scope-OrgID:  tenant \n')).toEqual({
    authorization: 'Bearer x:y=',
    'x-scope-orgid': 'tenant',
  });
  expect(parseHeaders('')).toEqual({});
});

test.each(['Bearer secret', ': secret', 'a b: secret', 'a: secr\u0000et', 'a: \u{e9}secret'])(
  '%j is none, and is not shown',
  (line) => {
    const parse = () => parseHeaders(`ok: 1\n${line}\n`);
    expect(parse).toThrow(/^line 2 is no `Name: value`$/);
  },
);
