import type { FactNeeds } from './needs.ts';

/**
 * Makes a complete input document of an ordinary request for a signer, with all the facts that are asked for. Every
 * entrypoint must give a decision for it when its bundle is loaded.
 */
export type Probe = (signerName: string, needs: FactNeeds) => object;
