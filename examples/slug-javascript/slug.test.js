import assert from "node:assert/strict";
import { test } from "node:test";

import { slug, uniqueSlug } from "./slug.js";

test("words become lower case with dashes", () => {
  assert.equal(slug("Hello World"), "hello-world");
});

test("accents are dropped and the ends are clean", () => {
  assert.equal(slug("  Über uns!"), "uber-uns");
});

test("several other characters become one dash", () => {
  assert.equal(slug("Rock & Roll -- live"), "rock-roll-live");
});

test("a slug is cut without a dash at its end", () => {
  assert.equal(slug("one two three", { most: 8 }), "one-two");
});

test("a slug that is taken gets a number", () => {
  assert.equal(uniqueSlug("Hello", new Set(["hello", "hello-2"])), "hello-3");
  assert.equal(uniqueSlug("???", new Set()), "untitled");
});
