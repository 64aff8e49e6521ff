// Which vec4f of the parameters a thread of an optimizer updates: stands in front of those.
// `sparse`: gradients are of some rows alone; the others stay as they are, and with them what is kept of them.
//
// width   of a row, in vec4f

const nowhere = 0xffffffffu;
#if sparse
var<storage, read> rows: array<i32>; // which row of the parameters each of the gradient's is of; −1 of none

fn placeOf(i: u32) -> u32 {
  let row = rows[i / width];
  return select(u32(row) * width + i % width, nowhere, row < 0);
}
#else
fn placeOf(i: u32) -> u32 { return i; }
#endif
