import { seen } from '../../../../src/doctor/seen.ts';
import { manager, requests } from '../changed.ts';
import { aNode, minutes, now } from '../healthy.ts';
import type { Cases } from '../changed.ts';

export const signer: Cases = {
  'that is gone': [
    { controllerManagerLease: seen({ holder: 'cp', renewedAt: now - minutes(2), seconds: 15 }) },
    ['error ControllerManagerGone'],
  ],
  'that signs nothing': [
    requests({ state: 'approved', decidedAt: now - minutes(3) }),
    ['error RequestsNotSigned'],
  ],
  'that has a minute more': [requests({ state: 'approved', decidedAt: now - minutes(1) }), []],
  'of another signer’s requests': [
    requests({ state: 'approved', signerName: 'example.com/x', decidedAt: now - minutes(3) }, {}),
    [],
  ],
  'without a key': [manager({ 'cluster-signing-key-file': undefined }), ['error SigningKeyMissing']],
  'with a key of another signer, which takes the general one away': [
    manager({ 'cluster-signing-legacy-unknown-key-file': 'x' }),
    ['error SigningKeyMissing'],
  ],
  'with a key of its own': [
    manager({
      'cluster-signing-legacy-unknown-key-file': 'x',
      'cluster-signing-kubelet-serving-key-file': 'y',
    }),
    [],
  ],
  'that refuses': [requests({ state: 'failed', failure: 'no' }), ['warning RequestsFailed']],
  'without a Lease, that has signed': [{ controllerManagerLease: seen(undefined) }, []],
  'of which nothing is seen': [
    {
      controllerManagerLease: seen(undefined),
      ...requests(),
      nodes: seen([aNode('n1', { createdAt: now }), aNode('cp', { createdAt: now, controlPlane: true })]),
    },
    ['unknown Signer'],
  ],
};
