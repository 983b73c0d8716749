/** Tracking numbers as somebody typed or pasted them: blanks, commas and new lines part them, each counts once. */
export const split = (said: string): string[] => [...new Set(said.split(/[\s,;\uff0c\uff1b\u3001]+/).filter(Boolean))];
