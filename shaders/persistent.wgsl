// The two sweeps through time of a recurrent layer with weights that stand still (Diamos et al. 2016, persistent RNNs).
//   forward    gate_t + h_{t−1}·U, from which the cell makes h_t
//   backward   dh_t = dOutput_t + what later steps pass back, then the cell makes dgate_t in the place of gate_t
// A workgroup has a few rows of the batch, and its threads share out U, or back Uᵀ: a thread reads blocks of it once, before the
// first step, and keeps them. At each step it multiplies its part of h (or dgate) and leaves the sum in workgroup
// memory; then a thread for each vec4f of h adds these sums up, does the cell's step and hands on what comes of it.
// cell.wgsl, the cell's own file, sweep.wgsl and step.wgsl stand in front.
// CPU twin: src/reference/recurrence.ts
//
// In half precision, weights and what they are multiplied with: then a thread keeps twice as many. A product of two halves is
// exact in single precision, in which all sums are.
// `apart`: the last gate's recurrent product goes to `candidate`, plus recurrentBias, for the cell to combine.
// `second`: the last gate's recurrent product is not of h but of what the cell put into `candidate`.
// `processor`: on one, most of U is kept, in memory that is a thread's own.
// `quads`: the threads of a quad have the same slice, and share what each loads of h. A swap is one operation, a broadcast five: so
// each keeps its blocks, whole fours of them, in the order in which swaps bring what they are multiplied with.
//
// rows                  of a workgroup at a time
// turns                 how often it takes that many
// columns, inner        the vec4f of a row of products, and of a row of what is multiplied
// across                threads for the columns: in quads, a few have none of their own
// slices                among how many threads `inner` is shared out
// threads               across × slices: the workgroup
// depth, heldBlocks     what is a thread's of `inner`, and how many of these blocks stand still
// halves                2: the thread that has a product's sum does the cell's step with it, so that the sum goes nowhere, and what
//                       the step makes goes to the other half of `factor`, so that nothing is waited for in between
// sweepSteps            steps of the sweep; backward one more where dh_0 is wanted

var<storage, read> recurrentWeight: array<Weight>; // [H, G·H]
#if oneHot
var<storage, read> bias: array<vec4f>; // [G·H]
fn biasAt(at: u32) -> vec4f { return bias[at]; }
#endif

const direct = halves == 2u;

var<workgroup> factor: array<Stored, halves * rows * inner>; // h of each row, or dgate
var<workgroup> part: array<vec4f, select(rows * threads, 1u, direct)>;

// Where in `factor` the products read, and which thread of its quad this one is.
var<private> readAt: u32;
var<private> lane: u32;

fn turnOver() { if (direct) { readAt = inner - readAt; } }

// The thread's vec4f of h, where it has one: in which of the workgroup's rows, and where there.
var<private> own: u32;
var<private> ownColumn: u32;

fn handOn(at: u32, x: Stored) { factor[select(0u, inner - readAt, direct) + own * inner + at + ownColumn] = x; }

// Rows 4·k … 4·k + 3 of U at a vec4f of columns; of Uᵀ, where U's rows are those columns. Behind the last: zeros.
fn blockOfWeight(k: u32, column: u32) -> mat4x4f {
  var block = mat4x4f();
  if (k < inner) {
    let next = gates * width;
#if forward
    let at = 4u * k * next + column;
#else
    let at = 4u * column * next + k;
#endif
    block = mat4x4f(
      vec4f(recurrentWeight[at]),
      vec4f(recurrentWeight[at + next]),
      vec4f(recurrentWeight[at + 2u * next]),
      vec4f(recurrentWeight[at + 3u * next]),
    );
  }
#if forward
  return block;
#else
  return transpose(block);
#endif
}

// What a thread keeps: of halves two in a register, which compilers do not do by themselves.
#if half
struct Block { rows01: vec4u, rows23: vec4u }

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
fn keep(m: mat4x4f) -> Block { return m; }
fn kept(b: Block) -> mat4x4f { return b; }
#endif

// Where indices are known when the shader is compiled a GPU has these in registers, and a processor loads them without looking
// where: so the loop over them is written out.
var<private> held: array<Block, heldBlocks>;

fn holdBlock(k: u32, first: u32, column: u32) { if (k < heldBlocks) { held[k] = keep(blockOfWeight(first + k, column)); } }
fn hold(first: u32, column: u32) {
#if processor
  for (var k = 0u; k < heldBlocks; k++) { // done once: what compiles sooner is better
#if quads
    held[k] = keep(blockOfWeight(select(inner, first + (k ^ lane), (k ^ lane) < depth), column));
#else
    holdBlock(k, first, column);
#endif
  }
#else
  holdBlock(0u, first, column);
  holdBlock(1u, first, column);
  holdBlock(2u, first, column);
  holdBlock(3u, first, column);
#if half
  holdBlock(4u, first, column);
  holdBlock(5u, first, column);
  holdBlock(6u, first, column);
  holdBlock(7u, first, column);
#endif
#endif
}

fn factorAt(row: u32, k: u32) -> vec4f { return vec4f(factor[readAt + row * inner + min(k, inner - 1u)]); }

var<private> sum: vec4f;

fn addHeld(k: u32, x: vec4f) { if (k < heldBlocks) { sum += kept(held[k]) * x; } }
fn addHeld4(k: u32, row: u32, first: u32) {
  if (k < heldBlocks) {
#if quads
    let x = factorAt(row, first + k + lane);
    let y = quadSwapX(x);
    addHeld(k, x);
    addHeld(k + 1u, y);
    addHeld(k + 2u, quadSwapY(x));
    addHeld(k + 3u, quadSwapY(y));
#else
    addHeld(k, factorAt(row, first + k));
    addHeld(k + 1u, factorAt(row, first + k + 1u));
    addHeld(k + 2u, factorAt(row, first + k + 2u));
    addHeld(k + 3u, factorAt(row, first + k + 3u));
#endif
  }
}
fn addHeld16(k: u32, row: u32, first: u32) {
  addHeld4(k, row, first);
  addHeld4(k + 4u, row, first);
  addHeld4(k + 8u, row, first);
  addHeld4(k + 12u, row, first);
}

// What a thread adds to a row's products: of all that is summed, its slice begins at `first`.
fn share(row: u32, first: u32, column: u32) -> vec4f {
  sum = vec4f();
  addHeld16(0u, row, first);
  addHeld16(16u, row, first);
  addHeld16(32u, row, first);
  addHeld16(48u, row, first);
  for (var k = heldBlocks; k < depth; k++) { sum += blockOfWeight(first + k, column) * factorAt(row, first + k); }
  return sum;
}

// Leaves a thread's share for the thread that does the cell's step.
fn leave(row: u32, x: vec4f, thread: u32) {
  if (direct) { sum = x; } else { part[row * threads + thread] = x; }
}

// A product of a row: the sum of all shares.
fn product(row: u32, column: u32) -> vec4f {
  var total = sum;
  if (!direct) {
    total = vec4f();
    for (var slice = 0u; slice < slices; slice++) { total += part[row * threads + slice * across + column]; }
  }
  return total;
}

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

fn fetchRow(i: u32, r: u32, firstRow: u32, at: u32) {
  arriving[r] = fromInput(min(i, steps - 1u), min(firstRow + r, batch - 1u), at);
}
fn fetch(i: u32, firstRow: u32, at: u32) {
  if (rows == 1u) {
    fetchRow(i, 0u, firstRow, at);
  } else {
    for (var r = 0u; r < rows; r++) { fetchRow(i, r, firstRow, at); }
  }
}

fn multiplyRow(r: u32, first: u32, column: u32, thread: u32) {
#if apart
  let brings = first == 0u && column < summed * width; // the last gate's is no part of a sum
#else
  let brings = first == 0u;
#endif
  leave(r, share(r, first, column) + select(vec4f(), arriving[r], brings), thread);
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
  handOn(0u, candidate[element.time]);
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
  handOn(0u, h);
}
#else

fn multiplyRow(r: u32, first: u32, column: u32, thread: u32) { leave(r, share(r, first, column), thread); }

// dh after step s − 1, then the gradients of that step, for the products with Uᵀ: of what U multiplied, where that was h.
fn cellStep(s: u32, length: u32, row: u32, before: Element, above: vec4f) {
  stepBackward(s, length, elementOf(s, row, ownColumn), before, product(own, ownColumn) + above);
  if (s == 0u) { return; }
#if second
  for (var g = 0u; g < summed; g++) { handOn(g * width, Stored()); }
  handOn(summed * width, gate[before.gate + summed * width]);
#else
  for (var g = 0u; g < summed; g++) { handOn(g * width, gate[before.gate + g * width]); }
#if apart
  handOn(summed * width, candidate[before.time]);
#endif
#endif
}

#if second
// What the last gate's product passes back, then the gradients of what multiplied h.
fn candidateStep(before: Element) {
  carry[before.own] += cellCandidateBackward(before, product(own, ownColumn));
  for (var g = 0u; g < summed; g++) { handOn(g * width, gate[before.gate + g * width]); }
  handOn(summed * width, Stored());
}
#endif
#endif

// Of one row, it is written out: its index is known.
fn multiply(first: u32, column: u32, thread: u32) {
  if (rows == 1u) {
    multiplyRow(0u, first, column, thread);
  } else {
    for (var r = 0u; r < rows; r++) { multiplyRow(r, first, column, thread); }
  }
}

// All steps of the rows from `firstRow` on.
fn sweepRows(firstRow: u32, first: u32, column: u32, thread: u32) {
  let row = firstRow + own;
  let hasElement = own < rows && row < batch;
  let length = u32(lengths[min(row, batch - 1u)]);
#if forward
  if (hasElement) {
    let element = elementOf(0u, row, ownColumn);
    let h = hidden[element.before];
    ownHidden = vec4f(h);
    handOn(0u, h);
#if states
    for (var s = 0u; s < states; s++) { ownState[s] = cellState[stateAt(element, s)]; }
#endif
  }
  let fetched = select(0u, column, first == 0u);
  fetch(0u, firstRow, fetched);
  turnOver();
  workgroupBarrier();
  for (var i = 0u; i < sweepSteps; i++) {
    let element = elementOf(i, row, ownColumn);
    multiply(first, column, thread);
#if second
    workgroupBarrier();
    if (hasElement) { candidateStep(element); }
    workgroupBarrier();
    multiply(first, column, thread);
#endif
    fetch(i + 1u, firstRow, fetched);
    if (!direct) { workgroupBarrier(); }
    if (hasElement) { cellStep(i, length, element); }
    turnOver();
    workgroupBarrier();
  }
#else
  if (hasElement) {
    for (var g = 0u; g < gates; g++) { handOn(g * width, Stored()); } // nothing comes from later than the last step
  }
  turnOver();
  workgroupBarrier();
  for (var n = 0u; n < sweepSteps; n++) {
    let s = steps - n;
    let before = elementOf(s - 1u, row, ownColumn);
    let above = fromAbove(s, min(row, batch - 1u), length, ownColumn); // on its way while the products are made
    multiply(first, column, thread);
    if (!direct) { workgroupBarrier(); }
    if (hasElement) { cellStep(s, length, row, before, above); }
    turnOver();
    workgroupBarrier();
#if second
    multiply(first, column, thread);
    if (!direct) { workgroupBarrier(); }
    if (hasElement && s > 0u) { candidateStep(before); }
    turnOver();
    workgroupBarrier();
#endif
  }
#endif
}

@compute @workgroup_size(threads)
fn sweep(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
#if quads
  @builtin(subgroup_invocation_id) invocation: u32,
#endif
) {
#if quads
  lane = invocation % 4u;
#endif
  let column = min(thread % across, columns - 1u);
  let first = thread / across * depth;
  hold(first, column);
  own = thread / width;
  ownColumn = thread % width;
  if (turns == 1u) {
    sweepRows(group.x * rows, first, column, thread);
  } else {
    for (var turn = 0u; turn < turns; turn++) { sweepRows((turns * group.x + turn) * rows, first, column, thread); }
  }
}
