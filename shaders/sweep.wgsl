// Where a sweep through time is in its tensors, step by step. Stands between a cell's own file and a sweep.
//
// A sequence of length n lives in steps 1 … n; in other steps state and gradient are passed on as they are.
// Step i of a sweep is time i, reverse: time steps − 1 − i. Slab t + 1 of `hidden` is h at time t; slab 0 is h_0,
// reverse: slab steps + 1. A layer of two directions keeps both side by side: `stride` vec4f a row, from `offset` on.
//
// steps, batch, width   T, B and H, H in vec4f           units, gates   H and G

#if reverse
fn timeOf(i: u32) -> u32 { return steps - 1u - i; }
fn slabBefore(i: u32) -> u32 { return steps + 1u - i; }
fn slabAfter(i: u32) -> u32 { return steps - i; }
#else
fn timeOf(i: u32) -> u32 { return i; }
fn slabBefore(i: u32) -> u32 { return i; }
fn slabAfter(i: u32) -> u32 { return i + 1u; }
#endif

fn elementOf(i: u32, row: u32, column: u32) -> Element {
  let own = row * width + column;
  let inHidden = row * stride + offset + column;
  return Element(
    (timeOf(i) * batch + row) * gates * width + column,
    slabBefore(i) * batch * stride + inHidden,
    slabAfter(i) * batch * stride + inHidden,
    own,
    i * batch * width + own,
    timeOf(i) * batch * width + own,
  );
}
