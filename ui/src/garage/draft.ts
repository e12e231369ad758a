/** A reward function that was written and not yet trained with, kept in this browser. */
const KEY = "manyhands.reward";

export function keptDraft(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // storage refused: nothing is kept
  }
}

/** Keep a text for the next visit; null forgets it. */
export function keepDraft(source: string | null): void {
  try {
    if (source === null) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, source);
  } catch {
    return; // as above, or too long to be kept
  }
}
