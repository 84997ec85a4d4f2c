import { expect, test } from 'vitest';
import { decodeDocument, decide, decideDecoded, decideDocument } from '../../../src/decide/decide.ts';
import { gathers, limits, now, passes, policiesThat, request } from './stubs.ts';

const options = { now, limits };

function document() {
  const decoded = decodeDocument(request(), options);
  if ('reason' in decoded) throw new Error(decoded.reason.msg);
  return decoded;
}

test('a document is decided as its request is', async () => {
  const wait = { ...passes, pass: false, wait: [{ code: 'Later', msg: 'x' }] };
  for (const says of [{}, { form: wait }, { facts: wait }, { policy: undefined }]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const [ofRequest, ofDocument] = await Promise.all([
      decide(request(), gathers(), policiesThat(says), options),
      decideDocument(document(), gathers(), policiesThat(says)),
    ]);
    expect(ofDocument).toEqual(ofRequest);
  }
});

test('a document of a signer without rules is judged by the form, and by nothing else', async () => {
  const policies = policiesThat();
  const { verdict } = await decideDecoded(
    { ...document(), signer_name: 'example.com/x' },
    gathers(),
    policies,
  );
  expect(verdict).toMatchObject({ kind: 'ignore', reasons: [{ code: 'NotOurs' }] });
  expect(policies.asked.map(({ entrypoint }) => entrypoint)).toEqual(['form']);
});

test('a document of a signer without rules is left alone', async () => {
  const policies = policiesThat();
  const other = { ...document(), signer_name: 'example.com/x' };
  const { verdict } = await decideDocument(other, gathers(), policies);
  expect(verdict).toMatchObject({ kind: 'ignore', reasons: [{ code: 'NotOurs' }] });
  expect(policies.asked).toEqual([]);
});
