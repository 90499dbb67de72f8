/** Arrays as PostgreSQL reads them. */

/** Numbers and booleans; nothing in them needs quotes. What is no number fails there, and with it the batch. */
export function plain(values: readonly (number | boolean)[]): string {
  return `{${values.join()}}`;
}

/** Texts, null where there is none. */
export function texts(values: readonly (string | null)[]): string {
  return `{${values.map((text) => (text === null ? 'NULL' : `"${text.replace(/["\\]/g, '\\$&')}"`)).join()}}`;
}
