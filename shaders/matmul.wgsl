// C = A·B (+ bias), Aᵀ·B or A·Bᵀ: one thread computes a tile of 8 rows × 8 columns as four 4×4 blocks.
// CPU twin: src/reference/matmul.ts
//
// A mat4x4f m holds four rows of a matrix: m[i] is row i. So `b * a` is the block product a·b of the equations.
// Rows and widths are stored in multiples of four; what was added is zero, so only stores are guarded.
//
// rows, width        of C, width in vec4f      columnThreads, rowThreads   the workgroup
// depth, slice       in blocks of four: the length of the sum, and the part of it that one slab of C sums
// aStart, aWidth     the first vec4f of A and its tensor's width in vec4f; likewise of B and C
// slab               vec4f from one slab of C to the next: slab z sums slice z of the depth

@group(0) @binding(0) var<storage, read> a: array<vec4f>; // [rows, depth], transposeA: [depth, rows]
@group(0) @binding(1) var<storage, read> b: array<vec4f>; // [depth, width], transposeB: [width, depth]
@group(0) @binding(2) var<storage, read_write> c: array<vec4f>; // [slabs, rows, width]
#if bias
@group(0) @binding(3) var<storage, read> bias: array<vec4f>; // [width]
#endif

#if transposeA
fn blockOfA(row: u32, k: u32) -> mat4x4f {
  let at = aStart + 4u * k * aWidth + row / 4u;
  return transpose(mat4x4f(a[at], a[at + aWidth], a[at + 2u * aWidth], a[at + 3u * aWidth]));
}
#else
fn blockOfA(row: u32, k: u32) -> mat4x4f {
  let at = aStart + k + aWidth * min(vec4u(row, row + 1u, row + 2u, row + 3u), vec4u(rows - 1u));
  return mat4x4f(a[at.x], a[at.y], a[at.z], a[at.w]);
}
#endif

#if transposeB
fn blockOfB(k: u32, column: u32) -> mat4x4f {
  let at = bStart + 4u * column * bWidth + k;
  return transpose(mat4x4f(b[at], b[at + bWidth], b[at + 2u * bWidth], b[at + 3u * bWidth]));
}
#else
fn blockOfB(k: u32, column: u32) -> mat4x4f {
  let at = bStart + 4u * k * bWidth + column;
  return mat4x4f(b[at], b[at + bWidth], b[at + 2u * bWidth], b[at + 3u * bWidth]);
}
#endif

@compute @workgroup_size(columnThreads, rowThreads)
fn matmul(@builtin(global_invocation_id) id: vec3u) {
  let column = 2u * id.x;
  let row = 8u * id.y;
  var c00 = mat4x4f();
  var c01 = mat4x4f();
  var c10 = mat4x4f();
  var c11 = mat4x4f();
  let end = min((id.z + 1u) * slice, depth);
  for (var k = id.z * slice; k < end; k++) {
    let a0 = blockOfA(row, k);
    let a1 = blockOfA(row + 4u, k);
    let b0 = blockOfB(k, column);
    let b1 = blockOfB(k, column + 1u);
    c00 += b0 * a0;
    c01 += b1 * a0;
    c10 += b0 * a1;
    c11 += b1 * a1;
  }
  var left = array(c00[0], c00[1], c00[2], c00[3], c10[0], c10[1], c10[2], c10[3]);
  var right = array(c01[0], c01[1], c01[2], c01[3], c11[0], c11[1], c11[2], c11[3]);
#if bias
  let leftBias = bias[column];
  let rightBias = bias[min(column + 1u, width - 1u)];
#else
  let leftBias = vec4f();
  let rightBias = vec4f();
#endif
  for (var i = 0u; i < 8u; i++) {
    let at = cStart + id.z * slab + (row + i) * cWidth + column;
#if accumulate
    if (row + i < rows && column < width) { c[at] += left[i] + leftBias; }
    if (row + i < rows && column + 1u < width) { c[at + 1u] += right[i] + rightBias; }
#else
    if (row + i < rows && column < width) { c[at] = left[i] + leftBias; }
    if (row + i < rows && column + 1u < width) { c[at + 1u] = right[i] + rightBias; }
#endif
  }
}
