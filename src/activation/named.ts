import { PolicyError, type PolicyErrorCode } from '../bundle/error.ts';
import { printable } from '../text/json.ts';

/** What is said of other things than the bundle, or names it already: files of keys and overlays, the way to it. */
const ofOthers = /^(Key|Overlay|Source|BundleNotFound)/;

/** Whether an error says that the bundle itself is wrong. */
export const isOfBundle = (code: PolicyErrorCode): boolean => !ofOthers.test(code);

/**
 * Has every error of the bundle itself say which one it is: there may be two, and what reads them sees bytes alone.
 * @param name of the source
 * @throws whatever the work throws
 */
export async function named<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof PolicyError) || !isOfBundle(cause.code)) throw cause;
    const head = `bundle ${printable(name)}: `;
    if (cause.message.startsWith(head)) throw cause;
    throw new PolicyError(cause.code, `${head}${cause.message}`, { cause });
  }
}
