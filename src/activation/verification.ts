import { readFile } from 'node:fs/promises';
import { PolicyError } from '../bundle/error.ts';
import { importKey, type Verification, type VerificationKey } from '../bundle/verification-key.ts';
import type { PolicyConfig } from '../config/policy.ts';
import { messageOf } from '../text/message.ts';

/**
 * What bundles are held to, with the keys as their files are now.
 * @throws PolicyError KeyUnreadable | KeyInvalid: no key is left out, since fewer keys are other rules
 */
export async function readVerification({ keys, scope }: PolicyConfig): Promise<Verification> {
  const read = Object.entries(keys).map(async ([id, { algorithm, file }]): Promise<VerificationKey> => {
    const key = { id, algorithm, key: await textOf(id, file) };
    importKey(key);
    return key;
  });
  return { keys: await Promise.all(read), scope };
}

async function textOf(id: string, file: string): Promise<string> {
  try {
    // Every byte counts: opa takes a secret's file as it is, with the line's end.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await readFile(file));
  } catch (cause) {
    throw new PolicyError('KeyUnreadable', `policy.keys.${id}: ${file} cannot be read: ${messageOf(cause)}`, {
      cause,
    });
  }
}
