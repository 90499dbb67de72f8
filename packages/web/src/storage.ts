/** The browser's storage. Where it is forbidden or full, the page still works; it forgets with the tab. */
const fallback = new Map<string, string>();

/** The name under which the storage itself knows a key. */
export function storageKey(key: string): string {
  return `hubbub:${key}`;
}

export function load(key: string): string | undefined {
  try {
    return localStorage.getItem(storageKey(key)) ?? fallback.get(key);
  } catch {
    return fallback.get(key);
  }
}

/** Keeps `value`, or forgets the key where it is empty. */
export function save(key: string, value: string): void {
  fallback.delete(key);
  try {
    if (value === '') localStorage.removeItem(storageKey(key));
    else localStorage.setItem(storageKey(key), value);
  } catch {
    if (value !== '') fallback.set(key, value);
  }
}
