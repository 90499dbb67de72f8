export interface Part {
  readonly text: string;
  /** Where the text leads; it says so itself. */
  readonly href?: string;
}

const address = /https?:\/\/[^\s<>"'`|\\^{}]+/gi;

/** Cuts a text into what is plain and what is a link. Only http and https: nothing else that a stranger wrote may be clicked. */
export function linkify(text: string): readonly Part[] {
  const parts: Part[] = [];
  let done = 0;
  for (const match of text.matchAll(address)) {
    const link = trimEnd(match[0]);
    if (!URL.canParse(link)) continue;
    if (match.index > done) parts.push({ text: text.slice(done, match.index) });
    parts.push({ text: link, href: link });
    done = match.index + link.length;
  }
  if (done < text.length) parts.push({ text: text.slice(done) });
  return parts;
}

/** What ends a sentence or closes a bracket that was opened before the link is no part of it. */
function trimEnd(link: string): string {
  // Counted once: a stranger's line of ten thousand brackets must not take its square.
  const surplus = { ')': count(link, ')') - count(link, '('), ']': count(link, ']') - count(link, '[') };
  let end = link.length;
  for (;;) {
    const last = link[end - 1] ?? '';
    if (last === ')' || last === ']') {
      if (surplus[last] <= 0) return link.slice(0, end);
      surplus[last] -= 1;
    } else if (last === '' || !'.,;:!?*_~'.includes(last)) return link.slice(0, end);
    end -= 1;
  }
}

function count(text: string, char: string): number {
  return text.split(char).length - 1;
}
