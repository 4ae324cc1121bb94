// Search that forgives marks and case: "bai giang" finds "Bài giảng".

/** The same folding for what is looked for and where. */
export function fold(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{Mn}/gu, '')
    .toLowerCase()
    .replaceAll('đ', 'd');
}

/** Whether a folded text holds all words of what is looked for. */
export function matcher(search: string): (folded: string) => boolean {
  const words = fold(search).split(/\s+/).filter(Boolean);
  return (folded) => words.every((word) => folded.includes(word));
}
