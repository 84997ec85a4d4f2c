import type { CertificateRequest } from '../decide/request.ts';
import { readRequest } from '../decide/request.ts';
import { escapeText } from '../text/escape.ts';
import { readDocuments } from './documents.ts';
import { CommandError } from './error.ts';
import type { IO } from './io.ts';

/** The problem names the field, and so may repeat keys that strangers chose. */
const maxProblem = 1024;

/** Reads CertificateSigningRequests from files. Anything else in them is an error: nothing is skipped in silence. */
export async function readRequests(files: readonly string[], io: IO): Promise<CertificateRequest[]> {
  const documents = await readDocuments(files, io);
  return documents.map(({ object, where }) => {
    if (object['kind'] !== 'CertificateSigningRequest') {
      const kind = typeof object['kind'] === 'string' ? escapeText(object['kind']) : 'an object without kind';
      throw new CommandError('NotACSR', `${where}: a CertificateSigningRequest is expected, this is ${kind}`);
    }
    const request = readRequest(object);
    if ('problem' in request)
      throw new CommandError('CSRInvalid', `${where}: ${escapeText(request.problem, maxProblem)}`);
    return request;
  });
}
