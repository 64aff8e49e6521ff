// C = A·B (+ bias), Aᵀ·B or A·Bᵀ. Aᵀ·B can also sum the rows of B: where that is dU = Σ hᵀ·da, db = Σ da.
// half.wgsl and tile.wgsl stand in front: rows and widths are stored in multiples of four, what was added is zero, so only stores
// are guarded.
// `shared`: 8 × 8 threads load blocks for each other into workgroup memory.
// `held`: a thread keeps `heldDepth` blocks of four vec4f of columns, and multiplies one row of A after another with them; their
// indices are known when the shader is compiled, and a processor that looks for each lane where it may load does not for them.
// `deep`: 32 blocks, else 16. `once`: they are all.
// CPU twin: src/reference/matmul.ts
//
// The sizes are numbers that a dispatch reads, not constants, so that products of other sizes share a pipeline.
// columnThreads, rowThreads   the workgroup
// tileRows, tileColumns       what a thread computes, columns in vec4f
// `inside`: tiles cover C without a rest. `rowSum`: wanted is the sum of B's rows too, [slabs, width]. `noted`: what is not
// finite is noted; finite-check.wgsl stands in front. `halfOut`: C is in half precision.

struct Sizes {
  rows: u32, // of C
  width: u32, // of C, in vec4f
  depth: u32, // the length of the sum, in blocks of four
  slice: u32, // the part of it that one slab of C sums: slab z sums slice z
  slab: u32, // vec4f from one slab of C to the next
  aStart: u32, // the first vec4f of A
  aWidth: u32, // its tensor's width in vec4f; likewise of B and C
  bStart: u32,
  bWidth: u32,
  cStart: u32,
  cWidth: u32,
  sumStart: u32, // where in c the sum of B's rows goes
}

// In single precision or in half, each; sums are in single.
alias OfA = vec4f;
alias OfB = vec4f;
alias OfC = vec4f;
var<storage, read> a: array<OfA>; // [rows, depth], transposeA: [depth, rows]
var<storage, read> b: array<OfB>; // [depth, width], transposeB: [width, depth]
var<storage, read_write> c: array<OfC>; // [slabs, rows, width]
var<uniform> sizes: Sizes;
#if bias
var<storage, read> bias: array<vec4f>; // [width]
#endif

fn rowsOfA(at: vec4u) -> mat4x4f { return mat4x4f(vec4f(a[at.x]), vec4f(a[at.y]), vec4f(a[at.z]), vec4f(a[at.w])); }
fn rowsOfB(at: u32) -> mat4x4f {
  let next = sizes.bWidth;
  return mat4x4f(vec4f(b[at]), vec4f(b[at + next]), vec4f(b[at + 2u * next]), vec4f(b[at + 3u * next]));
}

#if transposeA
fn blockOfA(row: u32, k: u32) -> mat4x4f {
  let at = sizes.aStart + 4u * k * sizes.aWidth + row / 4u;
  return transpose(rowsOfA(vec4u(at) + sizes.aWidth * vec4u(0u, 1u, 2u, 3u)));
}
#else
fn blockOfA(row: u32, k: u32) -> mat4x4f {
  let at = sizes.aStart + k + sizes.aWidth * min(vec4u(row, row + 1u, row + 2u, row + 3u), vec4u(sizes.rows - 1u));
  return rowsOfA(at);
}
#endif

#if transposeB
fn blockOfB(k: u32, column: u32) -> mat4x4f {
  return transpose(rowsOfB(sizes.bStart + 4u * column * sizes.bWidth + k));
}
#else
fn blockOfB(k: u32, column: u32) -> mat4x4f {
  return rowsOfB(sizes.bStart + 4u * k * sizes.bWidth + column);
}
#endif

#if inside
const inside = true;
#else
const inside = false;
#endif

#if noted
var<private> largest: vec4u; // of all that the thread stores
#endif

fn store(at: u32, sum: vec4f) {
#if accumulate
  put(at, vec4f(c[at]) + sum);
#else
  put(at, sum);
#endif
}

fn put(at: u32, value: vec4f) {
#if halfOut
  c[at] = OfC(storable(value));
#else
  c[at] = value;
#endif
#if noted
  largest = max(largest, magnitudes(value));
#endif
}

fn storeRow(slabAt: u32, row: u32, column: u32, value: vec4f) {
  var sum = value;
#if bias
  sum += bias[column];
#endif
  if (inside || row < sizes.rows) { store(slabAt + sizes.cStart + row * sizes.cWidth + column, sum); }
}

#if shared
// Four blocks deep of the workgroup's rows and columns: [4, 16].
var<workgroup> sharedA: array<mat4x4f, 64>;
var<workgroup> sharedB: array<mat4x4f, 64>;
#endif

#if held
var<private> lane: u32;
var<private> kept: array<mat4x4f, 4u * heldDepth>;

// In the order in which swaps bring what they are multiplied with; past the end, zeros.
fn keep(first: u32, column: u32) {
  for (var n = 0u; n < 4u; n++) {
    for (var i = 0u; i < heldDepth; i++) {
      let k = first + (i ^ lane);
      var block = mat4x4f();
      if (k < sizes.depth) { block = blockOfB(k, min(column + n, sizes.width - 1u)); }
      kept[n * heldDepth + i] = block;
    }
  }
}

// Four blocks of a row of A, as swaps bring them.
struct Four { x: vec4f, y: vec4f, z: vec4f, w: vec4f }
fn fourOfA(rowAt: u32, k: u32) -> Four {
  let x = vec4f(a[rowAt + min(k + lane, sizes.depth - 1u)]);
  let y = quadSwapX(x);
  return Four(x, y, quadSwapY(x), quadSwapY(y));
}
fn timesKept(at: u32, four: Four) -> vec4f {
  return kept[at] * four.x + kept[at + 1u] * four.y + kept[at + 2u] * four.z + kept[at + 3u] * four.w;
}
fn times16Kept(at: u32, p0: Four, p1: Four, p2: Four, p3: Four) -> vec4f {
  return timesKept(at, p0) + timesKept(at + 4u, p1) + timesKept(at + 8u, p2) + timesKept(at + 12u, p3);
}

fn storeKept(n: u32, first: u32, row: u32, column: u32, sum: vec4f) {
  if (!inside && column + n >= sizes.width) { return; }
#if once
  storeRow(0u, row, column + n, sum);
#else
  if (first == 0u) {
    storeRow(0u, row, column + n, sum);
  } else {
    let at = sizes.cStart + row * sizes.cWidth + column + n;
    put(at, vec4f(c[at]) + sum);
  }
#endif
}
#endif

@compute @workgroup_size(columnThreads, rowThreads)
fn matmul(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(workgroup_id) group: vec3u,
#if held
  @builtin(num_workgroups) groups: vec3u,
#endif
#if quads
  @builtin(subgroup_invocation_id) invocation: u32,
#endif
) {
#if held
  lane = invocation % 4u;
  let column = tileColumns * id.x;
  let rowsEach = (sizes.rows + groups.y - 1u) / groups.y;
  for (var first = 0u; first < sizes.depth; first += heldDepth) {
    keep(first, column);
    for (var row = group.y * rowsEach; row < min((group.y + 1u) * rowsEach, sizes.rows); row++) {
      let rowAt = sizes.aStart + row * sizes.aWidth;
      let p0 = fourOfA(rowAt, first);
      let p1 = fourOfA(rowAt, first + 4u);
      let p2 = fourOfA(rowAt, first + 8u);
      let p3 = fourOfA(rowAt, first + 12u);
#if deep
      let p4 = fourOfA(rowAt, first + 16u);
      let p5 = fourOfA(rowAt, first + 20u);
      let p6 = fourOfA(rowAt, first + 24u);
      let p7 = fourOfA(rowAt, first + 28u);
      storeKept(0u, first, row, column, times16Kept(0u, p0, p1, p2, p3) + times16Kept(16u, p4, p5, p6, p7));
      storeKept(1u, first, row, column, times16Kept(heldDepth, p0, p1, p2, p3) + times16Kept(heldDepth + 16u, p4, p5, p6, p7));
      storeKept(2u, first, row, column, times16Kept(2u * heldDepth, p0, p1, p2, p3) + times16Kept(2u * heldDepth + 16u, p4, p5, p6, p7));
      storeKept(3u, first, row, column, times16Kept(3u * heldDepth, p0, p1, p2, p3) + times16Kept(3u * heldDepth + 16u, p4, p5, p6, p7));
#else
      storeKept(0u, first, row, column, times16Kept(0u, p0, p1, p2, p3));
      storeKept(1u, first, row, column, times16Kept(heldDepth, p0, p1, p2, p3));
      storeKept(2u, first, row, column, times16Kept(2u * heldDepth, p0, p1, p2, p3));
      storeKept(3u, first, row, column, times16Kept(3u * heldDepth, p0, p1, p2, p3));
#endif
    }
  }
#else
#if quads
  let place = Place(tileRows * id.y, tileColumns * id.x, invocation % 4u);
#else
  let place = Place(tileRows * id.y, tileColumns * id.x, 0u);
#endif
  var tile = Tile();
#if rowSum
  var sum0 = vec4f();
  var sum1 = vec4f();
#endif
  let end = min((group.z + 1u) * sizes.slice, sizes.depth);
#if shared
  let thread = id.x % 8u + 8u * (id.y % 8u);
  let loaded = thread / 16u; // which of four blocks deep this thread loads, for all
  for (var first = group.z * sizes.slice; first < end; first += 4u) {
    let k = first + loaded;
    if (k < end) {
      sharedA[thread] = blockOfA(64u * group.y + 4u * (thread % 16u), k);
      sharedB[thread] = blockOfB(k, 16u * group.x + thread % 16u);
    } else {
      sharedA[thread] = mat4x4f();
      sharedB[thread] = mat4x4f();
    }
    workgroupBarrier();
    for (var i = 0u; i < 64u; i += 16u) {
      let rowBlock = i + 2u * (id.y % 8u);
      let columnBlock = i + 2u * (id.x % 8u);
      let b0 = sharedB[columnBlock];
      let b1 = sharedB[columnBlock + 1u];
      addProduct(&tile, Rows(sharedA[rowBlock], sharedA[rowBlock + 1u]), b0, b1);
#if rowSum
      sum0 += b0[0] + b0[1] + b0[2] + b0[3];
      sum1 += b1[0] + b1[1] + b1[2] + b1[3];
#endif
    }
    workgroupBarrier();
  }
#else
  for (var k = group.z * sizes.slice; k < end; k++) {
    let b0 = blockOfB(k, place.column);
    let b1 = blockOfB(k, place.column + 1u);
#if tall
    addProduct(&tile, Rows(blockOfA(rowLoaded(place, 0u), k), blockOfA(rowLoaded(place, 1u), k)), b0, b1);
#else
    addProduct(&tile, Rows(blockOfA(rowLoaded(place, 0u), k)), b0, b1);
#endif
#if rowSum
    sum0 += b0[0] + b0[1] + b0[2] + b0[3];
    sum1 += b1[0] + b1[1] + b1[2] + b1[3];
#endif
  }
#endif
  let slabAt = group.z * sizes.slab;
  var sums = sumsOf(tile);
  for (var n = 0u; n < sumBlocks; n++) {
    let row = rowComputed(place, n / 2u);
    let column = place.column + n % 2u;
    if (inside || column < sizes.width) {
      for (var r = 0u; r < 4u; r++) { storeRow(slabAt, row + r, column, sums[n][r]); }
    }
  }
#if rowSum
  if (id.y == 0u && place.column < sizes.width) { store(sizes.sumStart + slabAt + place.column, sum0); }
  if (id.y == 0u && place.column + 1u < sizes.width) { store(sizes.sumStart + slabAt + place.column + 1u, sum1); }
#endif
#endif
#if noted
  noteNotFinite(largest, step[0]);
#endif
}
