// Text that comes from clients may hold what a reader cannot see, and what makes the text around it look otherwise.

/** Control characters, what turns the direction of text around, and what takes no room. */
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** The same text with such characters as their code points: `‹U+202E›`. */
export function visible(text: string): string {
  return text.replace(
    UNSEEN,
    (unseen) => `‹U+${unseen.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}›`,
  );
}
