// The two sweeps through time of a recurrent layer, for any cell. Rows of a batch never depend on each other.
//   forward    gate_t += h_{t−1}·U, then the cell makes h_t
//   backward   dh_t = dOutput_t + what later steps pass back, then the cell makes dgate_t in the place of gate_t
// The cell's own file stands in front: it declares what it keeps and defines cellForward, cellHold, cellBackward and
// cellHoldBackward.
// CPU twin: src/reference/recurrence.ts
//
// A sequence of length n lives in steps 1 … n; in other steps state and gradient are passed on as they are.
// Step i of a sweep is time i, reverse: time steps − 1 − i. Slab t + 1 of `hidden` is h at time t; slab 0 is h_0,
// reverse: slab steps + 1. A layer of two directions keeps both side by side: `stride` vec4f a row, from `offset` on.
// One thread computes 8 rows × 8 columns as four 4×4 blocks; a mat4x4f m holds four rows, m[i] is row i.
// `fused`: a workgroup owns 8 · rowThreads rows and all columns, and loops over time; its threads pass h (or dgate) on
// through storage, with a barrier between steps. Else: one dispatch a step, `step` says which.
// `apart`: the last gate's recurrent product goes to `candidate`, plus recurrentBias, for the cell to combine.
// `second`: the last gate's recurrent product is not of h but of what the cell put into `candidate`.
//
// steps, batch, width   T, B and H, H in vec4f           columnThreads, rowThreads   the workgroup
// gates, summed         gates, and how many of them take the product with h into their sum
// sweepSteps            fused: steps of the sweep; backward one more where dh_0 is wanted

@group(0) @binding(0) var<storage, read> recurrentWeight: array<vec4f>; // [H, G·H]
@group(0) @binding(1) var<storage, read> lengths: array<i32>; // [B]
@group(0) @binding(2) var<storage, read_write> gate: array<vec4f>; // [T, B, G·H]
#if forward
@group(0) @binding(3) var<storage, read_write> hidden: array<vec4f>; // [T + 1, B, H]
#else
@group(0) @binding(3) var<storage, read> hidden: array<vec4f>; // [T + 1, B, H]
@group(0) @binding(4) var<storage, read> dOutput: array<vec4f>; // [T, B, H], lastStep: [B, H], for the last step
@group(0) @binding(5) var<storage, read_write> carry: array<vec4f>; // [1 or 2, B, H]: what passes back beside the product
#if hiddenGradient
@group(0) @binding(6) var<storage, read_write> dHidden: array<vec4f>; // [T + 1, B, H]: dL/dh by all paths, in sweep order
#endif
#endif
#if unrolled
@group(0) @binding(7) var<uniform> step: u32;
#endif

// For the cells. tanh and exp are NaN far out on some drivers; within these bounds both functions have reached their
// ends in float32. Clamps hide NaN, and comparing it with itself is optimised away: its bits tell.
fn isNan(a: vec4f) -> vec4<bool> { return (bitcast<vec4u>(a) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u); }
fn tanhOf(a: vec4f) -> vec4f { return select(tanh(clamp(a, vec4f(-10.0), vec4f(10.0))), a, isNan(a)); }
fn sigmoid(a: vec4f) -> vec4f {
  return select(1.0 / (1.0 + exp(-clamp(a, vec4f(-80.0), vec4f(80.0)))), a, isNan(a));
}
fn dTanh(t: vec4f) -> vec4f { return 1.0 - t * t; }
fn dSigmoid(s: vec4f) -> vec4f { return s * (1.0 - s); }

// Where one vec4f of a step lives, for the cell.
struct Element {
  gate: u32, // of the first gate; the next ones follow, `width` apart
  before: u32, // h before this step, in `hidden`
  after: u32, // h after it
  own: u32, // in [B, H]
  sweep: u32, // in [T, B, H] or [T + 1, B, H], sweep order
  time: u32, // in [T, B, H], time order
}

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

// Rows row … row + 3 of a batch. Rows past the batch repeat the last one; they are never stored.
fn fourRows(row: u32) -> vec4u { return min(vec4u(row, row + 1u, row + 2u, row + 3u), vec4u(batch - 1u)); }

// Rows 4·k … 4·k + 3 of U at vec4 column `column`; of Uᵀ, where U's rows are those columns and k counts its vec4s.
#if forward
fn blockOfWeight(k: u32, column: u32) -> mat4x4f {
  let at = 4u * k * gates * width + column;
  let next = gates * width;
  return mat4x4f(
    recurrentWeight[at],
    recurrentWeight[at + next],
    recurrentWeight[at + 2u * next],
    recurrentWeight[at + 3u * next],
  );
}
#else
fn blockOfWeight(k: u32, column: u32) -> mat4x4f {
  let at = 4u * column * gates * width + k;
  let next = gates * width;
  return transpose(mat4x4f(
    recurrentWeight[at],
    recurrentWeight[at + next],
    recurrentWeight[at + 2u * next],
    recurrentWeight[at + 3u * next],
  ));
}
#endif

// Adds 8 rows of a state times U (or Uᵀ) to four blocks, `top` and `bottom` telling where the rows begin.
struct Tile {
  c00: mat4x4f,
  c01: mat4x4f,
  c10: mat4x4f,
  c11: mat4x4f,
}

fn addBlocks(tile: ptr<function, Tile>, a0: mat4x4f, a1: mat4x4f, b0: mat4x4f, b1: mat4x4f) {
  (*tile).c00 += b0 * a0;
  (*tile).c01 += b1 * a0;
  (*tile).c10 += b0 * a1;
  (*tile).c11 += b1 * a1;
}

fn elements(tile: ptr<function, Tile>) -> array<vec4f, 16> {
  let t = *tile;
  return array<vec4f, 16>(
    t.c00[0], t.c01[0], t.c00[1], t.c01[1], t.c00[2], t.c01[2], t.c00[3], t.c01[3],
    t.c10[0], t.c11[0], t.c10[1], t.c11[1], t.c10[2], t.c11[2], t.c10[3], t.c11[3],
  );
}

#if candidate
fn addCandidateProduct(tile: ptr<function, Tile>, t: u32, row: u32, column: u32) {
  let top = (t * batch + fourRows(row)) * width;
  let bottom = (t * batch + fourRows(row + 4u)) * width;
  for (var k = 0u; k < width; k++) {
#if forward
    let b0 = blockOfWeight(k, summed * width + column);
    let b1 = blockOfWeight(k, summed * width + column + 1u);
#else
    let b0 = blockOfWeight(summed * width + k, column);
    let b1 = blockOfWeight(summed * width + k, column + 1u);
#endif
    let a0 = mat4x4f(candidate[top.x + k], candidate[top.y + k], candidate[top.z + k], candidate[top.w + k]);
    let a1 = mat4x4f(candidate[bottom.x + k], candidate[bottom.y + k], candidate[bottom.z + k], candidate[bottom.w + k]);
    addBlocks(tile, a0, a1, b0, b1);
  }
}
#endif

#if forward
fn addHiddenProduct(tile: ptr<function, Tile>, i: u32, g: u32, row: u32, column: u32) {
  let top = (slabBefore(i) * batch + fourRows(row)) * stride + offset;
  let bottom = (slabBefore(i) * batch + fourRows(row + 4u)) * stride + offset;
  for (var k = 0u; k < width; k++) {
    let b0 = blockOfWeight(k, g * width + column);
    let b1 = blockOfWeight(k, g * width + column + 1u);
    let a0 = mat4x4f(hidden[top.x + k], hidden[top.y + k], hidden[top.z + k], hidden[top.w + k]);
    let a1 = mat4x4f(hidden[bottom.x + k], hidden[bottom.y + k], hidden[bottom.z + k], hidden[bottom.w + k]);
    addBlocks(tile, a0, a1, b0, b1);
  }
}

fn productStep(i: u32, row: u32, column: u32) {
  for (var g = 0u; g < summed; g++) {
    var tile = Tile();
    addHiddenProduct(&tile, i, g, row, column);
    var sums = elements(&tile);
    for (var e = 0u; e < 16u; e++) {
      if (row + e / 2u < batch && column + e % 2u < width) {
        gate[elementOf(i, row + e / 2u, column + e % 2u).gate + g * width] += sums[e];
      }
    }
  }
#if apart
  var apartTile = Tile();
  addHiddenProduct(&apartTile, i, summed, row, column);
  var apartSums = elements(&apartTile);
  for (var e = 0u; e < 16u; e++) {
    let c = column + e % 2u;
    if (row + e / 2u < batch && c < width) {
      candidate[elementOf(i, row + e / 2u, c).time] = apartSums[e] + recurrentBias[c];
    }
  }
#endif
}

fn cellStep(i: u32, row: u32, column: u32) {
  for (var e = 0u; e < 16u; e++) {
    let r = row + e / 2u;
    let c = column + e % 2u;
    if (r < batch && c < width) {
      let element = elementOf(i, r, c);
      if (timeOf(i) < u32(lengths[r])) {
        hidden[element.after] = cellForward(element);
      } else {
        hidden[element.after] = hidden[element.before];
        cellHold(element);
      }
    }
  }
}

#if second
fn candidateStep(i: u32, row: u32, column: u32) {
  for (var e = 0u; e < 16u; e++) {
    let r = row + e / 2u;
    let c = column + e % 2u;
    if (r < batch && c < width) { cellCandidate(elementOf(i, r, c)); }
  }
}

fn candidateProductStep(i: u32, row: u32, column: u32) {
  var tile = Tile();
  addCandidateProduct(&tile, timeOf(i), row, column);
  var sums = elements(&tile);
  for (var e = 0u; e < 16u; e++) {
    let c = column + e % 2u;
    if (row + e / 2u < batch && c < width) {
      gate[elementOf(i, row + e / 2u, c).gate + summed * width] += sums[e] + recurrentBias[c];
    }
  }
}
#endif

#if second
fn firstPhase(i: u32, row: u32, column: u32) {
  productStep(i, row, column);
  candidateStep(i, row, column);
}

fn secondPhase(i: u32, row: u32, column: u32) {
  candidateProductStep(i, row, column);
  cellStep(i, row, column);
}
#else
fn firstPhase(i: u32, row: u32, column: u32) {
  productStep(i, row, column);
  cellStep(i, row, column);
}
#endif
#else

// dgate of step i times Uᵀ, over `count` gates from the gate `first` on.
fn addGateProduct(tile: ptr<function, Tile>, i: u32, first: u32, count: u32, row: u32, column: u32) {
  let top = (timeOf(i) * batch + fourRows(row)) * gates * width;
  let bottom = (timeOf(i) * batch + fourRows(row + 4u)) * gates * width;
  for (var k = first * width; k < (first + count) * width; k++) {
    let b0 = blockOfWeight(k, column);
    let b1 = blockOfWeight(k, column + 1u);
    let a0 = mat4x4f(gate[top.x + k], gate[top.y + k], gate[top.z + k], gate[top.w + k]);
    let a1 = mat4x4f(gate[bottom.x + k], gate[bottom.y + k], gate[bottom.z + k], gate[bottom.w + k]);
    addBlocks(tile, a0, a1, b0, b1);
  }
}

// dh after step s − 1, and the cell's gradients of that step. s = 0: dh_0 alone.
fn firstPhase(s: u32, row: u32, column: u32) {
  var tile = Tile();
  if (s < steps) {
    addGateProduct(&tile, s, 0u, summed, row, column);
#if apart
    addCandidateProduct(&tile, timeOf(s), row, column);
#endif
  }
  var sums = elements(&tile);
  for (var e = 0u; e < 16u; e++) {
    let r = row + e / 2u;
    let c = column + e % 2u;
    if (r < batch && c < width) { finish(s, r, c, sums[e]); }
  }
}

fn finish(s: u32, row: u32, column: u32, sum: vec4f) {
  let own = row * width + column;
  var dh = sum + select(carry[own], vec4f(), s == steps);
#if lastStep
  if (s == steps) { dh += dOutput[row * stride + offset + column]; }
#else
  if (s > 0u && timeOf(s - 1u) < u32(lengths[row])) {
    dh += dOutput[(timeOf(s - 1u) * batch + row) * stride + offset + column];
  }
#endif
#if hiddenGradient
  dHidden[s * batch * width + own] = dh;
#endif
  if (s > 0u) {
    let element = elementOf(s - 1u, row, column);
    if (timeOf(s - 1u) < u32(lengths[row])) {
      carry[own] = cellBackward(element, dh, s == steps);
    } else {
      carry[own] = dh;
      for (var g = 0u; g < gates; g++) { gate[element.gate + g * width] = vec4f(); }
      cellHoldBackward(element, s == steps);
    }
  }
}

#if second
// What the last gate's product passes back: dcandidate = dgate · Uᵀ of step s − 1.
fn secondPhase(s: u32, row: u32, column: u32) {
  if (s > 0u) {
    var tile = Tile();
    addGateProduct(&tile, s - 1u, summed, 1u, row, column);
    var sums = elements(&tile);
    for (var e = 0u; e < 16u; e++) {
      let r = row + e / 2u;
      let c = column + e % 2u;
      if (r < batch && c < width) { carry[r * width + c] += cellCandidateBackward(elementOf(s - 1u, r, c), sums[e]); }
    }
  }
}
#endif
#endif

@compute @workgroup_size(columnThreads, rowThreads)
fn sweep(@builtin(global_invocation_id) id: vec3u) {
  let row = 8u * id.y;
  let column = 2u * id.x;
#if unrolled
#if phaseTwo
  secondPhase(step, row, column);
#else
  firstPhase(step, row, column);
#endif
#else
  for (var n = 0u; n < sweepSteps; n++) {
#if forward
    let s = n;
#else
    let s = steps - n;
#endif
    firstPhase(s, row, column);
    storageBarrier();
#if second
    secondPhase(s, row, column);
    storageBarrier();
#endif
  }
#endif
}
