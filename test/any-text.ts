// Text of any characters, for properties: code points of every plane but halves of pairs, as UTF-8 can say them.

import fc from "fast-check";

const codePoint = fc.oneof(
  fc.integer({ min: 0, max: 0x7f }),
  fc.integer({ min: 0, max: 0xd7ff }),
  fc.integer({ min: 0xe000, max: 0x10ffff }),
);

/** fast-check's own strings of the unit "binary" are the same, and take a second to prepare. */
export const anyText = ({ minLength = 0 } = {}): fc.Arbitrary<string> =>
  fc.array(codePoint, { minLength }).map((codePoints) => String.fromCodePoint(...codePoints));
