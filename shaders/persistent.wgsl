// The two sweeps through time of a recurrent layer with weights that stand still (Diamos et al. 2016, persistent RNNs).
//   forward    gate_t + h_{t−1}·U, from which the cell makes h_t
//   backward   dh_t = dOutput_t + what later steps pass back, then the cell makes dgate_t in the place of gate_t
// A workgroup has a few rows of the batch, and its threads share out U, or back Uᵀ: a thread reads blocks of it once, before the
// first step, and keeps them in registers. At each step it multiplies its part of h (or dgate) and leaves the sum in workgroup
// memory; then a thread for each vec4f of h adds these sums up, does the cell's step and hands on what comes of it.
// cell.wgsl, the cell's own file, sweep.wgsl and step.wgsl stand in front.
// CPU twin: src/reference/recurrence.ts
//
// In half precision, weights and what they are multiplied with: then a thread keeps twice as many. A product of two halves is
// exact in single precision, in which all sums are.
// `apart`: the last gate's recurrent product goes to `candidate`, plus recurrentBias, for the cell to combine.
// `second`: the last gate's recurrent product is not of h but of what the cell put into `candidate`.
//
// rows                  of a workgroup
// columns, inner        the vec4f of a row of products, and of a row of what is multiplied
// slices                among how many threads `inner` is shared out
// threads               columns × slices: the workgroup
// depth                 what is a thread's of `inner`; of it, four blocks at most stand still, in half precision eight
// sweepSteps            steps of the sweep; backward one more where dh_0 is wanted

var<storage, read> recurrentWeight: array<Weight>; // [H, G·H]
#if oneHot
var<storage, read> bias: array<vec4f>; // [G·H]
fn biasAt(at: u32) -> vec4f { return bias[at]; }
#endif

var<workgroup> factor: array<Stored, rows * inner>; // h of each row, or dgate
var<workgroup> part: array<vec4f, rows * threads>;

// Rows 4·k … 4·k + 3 of U at a vec4f of columns; of Uᵀ, where U's rows are those columns. Behind the last: zeros.
fn blockOfWeight(k: u32, column: u32) -> mat4x4f {
  if (k >= inner) { return mat4x4f(); }
  let next = gates * width;
#if forward
  let at = 4u * k * next + column;
#else
  let at = 4u * column * next + k;
#endif
  let block = mat4x4f(
    vec4f(recurrentWeight[at]),
    vec4f(recurrentWeight[at + next]),
    vec4f(recurrentWeight[at + 2u * next]),
    vec4f(recurrentWeight[at + 3u * next]),
  );
#if forward
  return block;
#else
  return transpose(block);
#endif
}

// What a thread keeps: of halves two in a register, which compilers do not do by themselves.
#if half
struct Block { rows01: vec4u, rows23: vec4u }
struct Held { b0: Block, b1: Block, b2: Block, b3: Block, b4: Block, b5: Block, b6: Block, b7: Block }
const heldBlocks = 8u;

fn packed(a: vec4f, b: vec4f) -> vec4u {
  return vec4u(pack2x16float(a.xy), pack2x16float(a.zw), pack2x16float(b.xy), pack2x16float(b.zw));
}
fn unpacked(x: u32, y: u32) -> vec4f { return vec4f(unpack2x16float(x), unpack2x16float(y)); }
fn keep(m: mat4x4f) -> Block { return Block(packed(m[0], m[1]), packed(m[2], m[3])); }
fn kept(b: Block) -> mat4x4f {
  return mat4x4f(
    unpacked(b.rows01.x, b.rows01.y),
    unpacked(b.rows01.z, b.rows01.w),
    unpacked(b.rows23.x, b.rows23.y),
    unpacked(b.rows23.z, b.rows23.w),
  );
}
#else
alias Block = mat4x4f;
struct Held { b0: Block, b1: Block, b2: Block, b3: Block }
const heldBlocks = 4u;

fn keep(m: mat4x4f) -> Block { return m; }
fn kept(b: Block) -> mat4x4f { return b; }
#endif

fn times(block: mat4x4f, row: u32, k: u32) -> vec4f { return block * vec4f(factor[row * inner + min(k, inner - 1u)]); }

// What a thread adds to a row's products: of all that is summed, its slice begins at `first`.
fn share(row: u32, held: Held, first: u32, column: u32) -> vec4f {
  var sum = times(kept(held.b0), row, first);
  if (depth > 1u) { sum += times(kept(held.b1), row, first + 1u); }
  if (depth > 2u) { sum += times(kept(held.b2), row, first + 2u); }
  if (depth > 3u) { sum += times(kept(held.b3), row, first + 3u); }
#if half
  if (depth > 4u) { sum += times(kept(held.b4), row, first + 4u); }
  if (depth > 5u) { sum += times(kept(held.b5), row, first + 5u); }
  if (depth > 6u) { sum += times(kept(held.b6), row, first + 6u); }
  if (depth > 7u) { sum += times(kept(held.b7), row, first + 7u); }
#endif
  for (var k = heldBlocks; k < depth; k++) { sum += times(blockOfWeight(first + k, column), row, first + k); }
  return sum;
}

// A product of a row: the sum of all shares.
fn product(row: u32, column: u32) -> vec4f {
  var sum: vec4f;
  for (var slice = 0u; slice < slices; slice++) { sum += part[row * threads + slice * columns + column]; }
  return sum;
}

// The thread's vec4f of h, where it has one: in which of the workgroup's rows, and where there.
var<private> own: u32;
var<private> ownColumn: u32;

#if forward
// It, and the states beside it.
var<private> ownHidden: vec4f;
fn hiddenBefore(e: Element) -> vec4f { return ownHidden; }
#if states
var<private> ownState: array<vec4f, states>;
fn stateBefore(e: Element, s: u32) -> vec4f { return ownState[s]; }
fn setState(e: Element, s: u32, value: vec4f) {
  cellState[stateAt(e, s) + batch * width] = value;
  ownState[s] = value;
}
#endif

// The sums of its gates but the last, as `gate` has them.
var<private> ownSum: array<vec4f, gates>;
fn sumOf(e: Element, g: u32) -> vec4f {
#if apart
  if (g == summed) { return vec4f(gate[e.gate + g * width]); } // no sum: x·W + b alone
#endif
  return ownSum[g];
}

// x·W + b of each row at the next step, which comes with the first slice's share: fetched a step ahead, as that takes a while,
// and by all threads, as what only some fetch is waited for at once.
var<private> arriving: array<vec4f, rows>;

fn fetch(i: u32, firstRow: u32, at: u32) {
  for (var r = 0u; r < rows; r++) { arriving[r] = fromInput(min(i, steps - 1u), min(firstRow + r, batch - 1u), at); }
}

fn multiply(held: Held, first: u32, column: u32, thread: u32) {
#if apart
  let brings = first == 0u && column < summed * width; // the last gate's is no part of a sum
#else
  let brings = first == 0u;
#endif
  for (var r = 0u; r < rows; r++) {
    part[r * threads + thread] = share(r, held, first, column) + select(vec4f(), arriving[r], brings);
  }
}

// Keeps the sums of step i that the cell finds in `gate`, and q where the cell combines it itself.
fn keepSums(element: Element) {
  for (var g = 0u; g < lastGate; g++) {
    ownSum[g] = product(own, g * width + ownColumn);
    gate[element.gate + g * width] = stored(ownSum[g]);
  }
#if apart
  candidate[element.time] = stored(product(own, summed * width + ownColumn) + recurrentBias[ownColumn]);
#endif
}

#if second
// What the last gate multiplies instead of h.
fn candidateStep(element: Element) {
  keepSums(element);
  cellCandidate(element);
  factor[own * inner + ownColumn] = candidate[element.time];
}
#endif

fn cellStep(i: u32, length: u32, element: Element) {
  var last = product(own, lastGate * width + ownColumn);
#if second
  last += recurrentBias[ownColumn];
#else
  keepSums(element);
#endif
  let h = stepForward(i, length, element, last);
  ownHidden = vec4f(h);
  factor[own * inner + ownColumn] = h;
}
#else

fn multiply(held: Held, first: u32, column: u32, thread: u32) {
  for (var r = 0u; r < rows; r++) { part[r * threads + thread] = share(r, held, first, column); }
}

fn handOn(g: u32, d: Stored) { factor[own * inner + g * width + ownColumn] = d; }

// dh after step s − 1, then the gradients of that step, for the products with Uᵀ: of what U multiplied, where that was h.
fn cellStep(s: u32, length: u32, row: u32, before: Element, above: vec4f) {
  stepBackward(s, length, elementOf(s, row, ownColumn), before, product(own, ownColumn) + above);
  if (s == 0u) { return; }
#if second
  for (var g = 0u; g < summed; g++) { handOn(g, Stored()); }
  handOn(summed, gate[before.gate + summed * width]);
#else
  for (var g = 0u; g < summed; g++) { handOn(g, gate[before.gate + g * width]); }
#if apart
  handOn(summed, candidate[before.time]);
#endif
#endif
}

#if second
// What the last gate's product passes back, then the gradients of what multiplied h.
fn candidateStep(before: Element) {
  carry[before.own] += cellCandidateBackward(before, product(own, ownColumn));
  for (var g = 0u; g < summed; g++) { handOn(g, gate[before.gate + g * width]); }
  handOn(summed, Stored());
}
#endif
#endif

@compute @workgroup_size(threads)
fn sweep(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let column = thread % columns;
  let first = thread / columns * depth;
  let held = Held(
    keep(blockOfWeight(first, column)),
    keep(blockOfWeight(select(inner, first + 1u, depth > 1u), column)),
    keep(blockOfWeight(select(inner, first + 2u, depth > 2u), column)),
    keep(blockOfWeight(select(inner, first + 3u, depth > 3u), column)),
#if half
    keep(blockOfWeight(select(inner, first + 4u, depth > 4u), column)),
    keep(blockOfWeight(select(inner, first + 5u, depth > 5u), column)),
    keep(blockOfWeight(select(inner, first + 6u, depth > 6u), column)),
    keep(blockOfWeight(select(inner, first + 7u, depth > 7u), column)),
#endif
  );
  own = thread / width;
  ownColumn = thread % width;
  let firstRow = group.x * rows;
  let row = firstRow + own;
  let hasElement = own < rows && row < batch;
  let length = u32(lengths[min(row, batch - 1u)]);
#if forward
  if (hasElement) {
    let element = elementOf(0u, row, ownColumn);
    let h = hidden[element.before];
    ownHidden = vec4f(h);
    factor[own * inner + ownColumn] = h;
#if states
    for (var s = 0u; s < states; s++) { ownState[s] = cellState[stateAt(element, s)]; }
#endif
  }
  let fetched = select(0u, column, first == 0u);
  fetch(0u, firstRow, fetched);
  workgroupBarrier();
  for (var i = 0u; i < sweepSteps; i++) {
    let element = elementOf(i, row, ownColumn);
    multiply(held, first, column, thread);
#if second
    workgroupBarrier();
    if (hasElement) { candidateStep(element); }
    workgroupBarrier();
    multiply(held, first, column, thread);
#endif
    fetch(i + 1u, firstRow, fetched);
    workgroupBarrier();
    if (hasElement) { cellStep(i, length, element); }
    workgroupBarrier();
  }
#else
  if (hasElement) {
    for (var g = 0u; g < gates; g++) { handOn(g, Stored()); } // nothing comes from later than the last step
  }
  workgroupBarrier();
  for (var n = 0u; n < sweepSteps; n++) {
    let s = steps - n;
    let before = elementOf(s - 1u, row, ownColumn);
    let above = fromAbove(s, min(row, batch - 1u), length, ownColumn); // on its way while the products are made
    multiply(held, first, column, thread);
    workgroupBarrier();
    if (hasElement) { cellStep(s, length, row, before, above); }
    workgroupBarrier();
#if second
    multiply(held, first, column, thread);
    workgroupBarrier();
    if (hasElement && s > 0u) { candidateStep(before); }
    workgroupBarrier();
#endif
  }
#endif
}
