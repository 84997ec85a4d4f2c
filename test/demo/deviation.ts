/** What was shown is not what was promised: the demo has failed. */
export class Deviation extends Error {
  override readonly name = 'Deviation';
}

export function expectThat(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Deviation(otherwise);
}
