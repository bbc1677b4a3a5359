// Titles as parts of addresses: "Über uns!" becomes "uber-uns".

const MOST = 60;

/** The title in lower case, letters without accents, everything else as single dashes; at most 60 characters. */
export function slug(title, { most = MOST } = {}) {
  const words = title
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .toLowerCase()
    .replace(/[^a-z0-9]/g, "-")
    .replace(/^-+|-+$/g, "");
  return words.slice(0, most).replace(/-+$/, "");
}

/** A slug that none of the others has: with `-2`, `-3` and so on behind it if need be. */
export function uniqueSlug(title, taken, options = {}) {
  const base = slug(title, options) || "untitled";
  if (!taken.has(base)) return base;
  let number = 2;
  while (taken.has(`${base}-${number}`)) number += 1;
  return `${base}-${number}`;
}
