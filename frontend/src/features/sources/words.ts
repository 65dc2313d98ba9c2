/** The word in an address that says what is posted: deal, crm.lead, 0-3. */
const WORD = /^[A-Za-z0-9_][A-Za-z0-9._:-]{0,127}$/;

export function isWord(text: string): boolean {
  return WORD.test(text);
}

/** What was typed with commas or spaces between, each word once. */
export function wordsOf(text: string): string[] {
  return [...new Set(text.split(/[\s,]+/).filter((word) => word !== ""))];
}
