/** Of the library that writes JUnit XML. */
export async function junitBuilder() {
  // Loaded only here: it is large, and the controller never needs it.
  const { default: library } = await import('junit-report-builder');
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its types are those of its other build
  return (library as unknown as typeof library.default).newBuilder();
}

/** The library ends a CDATA section at the second of two `]]>`. */
export function inSection(text: string): string {
  return text.replaceAll(']]>', ']]\\u{3e}');
}
