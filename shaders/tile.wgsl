// What one thread computes of a matrix product, in registers: 4×4 blocks, two across and several down. Stands in front
// of matmul.wgsl and recurrence.wgsl.
//
// A mat4x4f m holds four rows of a matrix: m[i] is row i. So `b * a` is the block product a·b of the equations.
// A thread loads one block of A, or `tall`: two, or `single`: one row. `quads`: the threads of a quad compute the same
// rows, each loads a quarter of them, and they exchange their blocks: four times as many rows a load.

// Where a thread's tile is: its first row, its first column in vec4f, and the thread's number in its quad.
struct Place {
  row: u32,
  column: u32,
  lane: u32,
}

#if single
struct Rows {
  a0: vec4f,
}

struct Tile {
  c00: vec4f,
  c01: vec4f,
}

// tile += row · [b0 b1]
fn addProduct(tile: ptr<function, Tile>, rows: Rows, b0: mat4x4f, b1: mat4x4f) {
  (*tile).c00 += b0 * rows.a0;
  (*tile).c01 += b1 * rows.a0;
}

alias Sums = array<vec4f, tileColumns>;
#if narrow
fn sumsOf(tile: Tile) -> Sums { return array(tile.c00); }
#else
fn sumsOf(tile: Tile) -> Sums { return array(tile.c00, tile.c01); }
#endif
#else
// The blocks of A that a thread loads.
struct Rows {
  a0: mat4x4f,
#if tall
  a1: mat4x4f,
#endif
}

struct Tile {
  c00: mat4x4f,
  c01: mat4x4f,
#if quads
  c10: mat4x4f,
  c11: mat4x4f,
  c20: mat4x4f,
  c21: mat4x4f,
  c30: mat4x4f,
  c31: mat4x4f,
#endif
#if tall
  d00: mat4x4f,
  d01: mat4x4f,
#if quads
  d10: mat4x4f,
  d11: mat4x4f,
  d20: mat4x4f,
  d21: mat4x4f,
  d30: mat4x4f,
  d31: mat4x4f,
#endif
#endif
}

#if quads
const blocksDown = 4u;
fn swapX(m: mat4x4f) -> mat4x4f { return mat4x4f(quadSwapX(m[0]), quadSwapX(m[1]), quadSwapX(m[2]), quadSwapX(m[3])); }
fn swapY(m: mat4x4f) -> mat4x4f { return mat4x4f(quadSwapY(m[0]), quadSwapY(m[1]), quadSwapY(m[2]), quadSwapY(m[3])); }
#else
const blocksDown = 1u;
#endif

// The first row of block n of A that a thread loads, and of block n of C that it computes.
fn rowLoaded(place: Place, n: u32) -> u32 { return place.row + 4u * (blocksDown * n + place.lane); }
fn rowComputed(place: Place, n: u32) -> u32 { return place.row + 4u * (n ^ place.lane); }

// tile += rows · [b0 b1]
fn addProduct(tile: ptr<function, Tile>, rows: Rows, b0: mat4x4f, b1: mat4x4f) {
  let a0 = rows.a0;
  (*tile).c00 += b0 * a0;
  (*tile).c01 += b1 * a0;
#if quads
  let a1 = swapX(a0);
  (*tile).c10 += b0 * a1;
  (*tile).c11 += b1 * a1;
  let a2 = swapY(a0);
  (*tile).c20 += b0 * a2;
  (*tile).c21 += b1 * a2;
  let a3 = swapY(a1);
  (*tile).c30 += b0 * a3;
  (*tile).c31 += b1 * a3;
#endif
#if tall
  let e0 = rows.a1;
  (*tile).d00 += b0 * e0;
  (*tile).d01 += b1 * e0;
#if quads
  let e1 = swapX(e0);
  (*tile).d10 += b0 * e1;
  (*tile).d11 += b1 * e1;
  let e2 = swapY(e0);
  (*tile).d20 += b0 * e2;
  (*tile).d21 += b1 * e2;
  let e3 = swapY(e1);
  (*tile).d30 += b0 * e3;
  (*tile).d31 += b1 * e3;
#endif
#endif
}

// The tile's blocks by number: n is in column n mod 2, from row `rowComputed(place, n / 2)` on.
#if tall
const sumBlocks = 4u * blocksDown;
#else
const sumBlocks = 2u * blocksDown;
#endif
alias Sums = array<mat4x4f, sumBlocks>;
fn sumsOf(tile: Tile) -> Sums {
  return array(
    tile.c00, tile.c01,
#if quads
    tile.c10, tile.c11, tile.c20, tile.c21, tile.c30, tile.c31,
#endif
#if tall
    tile.d00, tile.d01,
#if quads
    tile.d10, tile.d11, tile.d20, tile.d21, tile.d30, tile.d31,
#endif
#endif
  );
}
#endif
