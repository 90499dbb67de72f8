/**
 * The browser's storage. Where it is forbidden or full, the page still works: what could not be kept stands here, before whatever the
 * storage still says, and is forgotten with the tab. Empty: forgotten already.
 */
const unkept = new Map<string, string>();

/** The name under which the storage itself knows a key. */
export function storageKey(key: string): string {
  return `hubbub:${key}`;
}

export function load(key: string): string | undefined {
  const value = unkept.get(key) ?? stored(key);
  return value === '' ? undefined : value;
}

/** Keeps `value`, or forgets the key where it is empty. */
export function save(key: string, value: string): void {
  try {
    if (value === '') localStorage.removeItem(storageKey(key));
    else localStorage.setItem(storageKey(key), value);
    unkept.delete(key);
  } catch {
    unkept.set(key, value);
  }
}

/** Forgets all keys that begin so. */
export function forget(prefix: string): void {
  const names = [...[...unkept.keys()].map(storageKey), ...storedNames()];
  for (const name of names) if (name.startsWith(storageKey(prefix))) save(name.slice(storageKey('').length), '');
}

function stored(key: string): string | undefined {
  try {
    return localStorage.getItem(storageKey(key)) ?? undefined;
  } catch {
    return undefined;
  }
}

function storedNames(): readonly string[] {
  try {
    return Object.keys(localStorage);
  } catch {
    return [];
  }
}
