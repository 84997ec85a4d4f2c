/**
 * Text of a message in SARIF. A viewer makes a link of `[…](…)` in it (SARIF 2.1.0, section 3.11.6), and names of requests may
 * be such: there is none where the bracket is escaped as other text of strangers is.
 */
export const withoutLinks = (text: string): string => text.replaceAll('](', ']\\u{28}');
