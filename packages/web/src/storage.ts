/** The browser's storage. Where it is forbidden or full, the page still works; it forgets with the tab. */
const fallback = new Map<string, string>();

export function load(key: string): string | undefined {
  try {
    return localStorage.getItem(`hubbub:${key}`) ?? fallback.get(key);
  } catch {
    return fallback.get(key);
  }
}

/** Keeps `value`, or forgets the key where it is empty. */
export function save(key: string, value: string): void {
  fallback.delete(key);
  try {
    if (value === '') localStorage.removeItem(`hubbub:${key}`);
    else localStorage.setItem(`hubbub:${key}`, value);
  } catch {
    if (value !== '') fallback.set(key, value);
  }
}
