import { decodeDocument } from '../decide/decide.ts';
import { safeJson } from '../text/json.ts';
import { escapeText } from '../text/escape.ts';
import type { DecodeLimits } from '../csr/decoded.ts';
import type { ExitCode } from './error.ts';
import { exitCode } from './error.ts';
import type { IO } from './io.ts';
import { readRequests } from './requests.ts';

/** Prints the input document of each request, without facts: what a policy would read. */
export async function decodeCommand(
  files: readonly string[],
  limits: DecodeLimits,
  io: IO,
): Promise<ExitCode> {
  let code: ExitCode = exitCode.yes;
  for (const request of await readRequests(files, io)) {
    const document = decodeDocument(request, { now: io.now(), limits });
    if ('reason' in document) {
      const { code: refusal, msg, details } = document.reason;
      const clause = typeof details?.['clause'] === 'string' ? ` [${details['clause']}]` : '';
      io.err(`${escapeText(request.name)}: ${refusal}: ${escapeText(msg, 1024)}${clause}\n`);
      code = exitCode.no;
    } else {
      io.out(`${safeJson(document, 2)}\n`);
    }
  }
  return code;
}
