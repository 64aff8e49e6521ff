// The two sweeps through time of a recurrent layer with weights that stand still (Diamos et al. 2016, persistent RNNs).
//   forward    gate_t + h_{t−1}·U, from which the cell makes h_t
//   backward   dh_t = dOutput_t + what later steps pass back, then the cell makes dgate_t in the place of gate_t
// A workgroup has a few rows of the batch, and its threads share out U, or back Uᵀ: a thread reads blocks of it once, before the
// first step, and keeps them. At each step it multiplies its part of h (or dgate) and leaves the sum for others; then a
// thread for each vec4f of h adds these sums up, does the cell's step and hands on what comes of it.
// cell.wgsl, the cell's own file, sweep.wgsl and step.wgsl stand in front.
// CPU twin: src/reference/recurrence.ts
//
// In half precision, weights and what they are multiplied with: then a thread keeps twice as many. A product of two halves is
// exact in single precision, in which all sums are.
// `apart`: the last gate's recurrent product goes to `candidate`, plus recurrentBias, for the cell to combine.
// `second`: the last gate's recurrent product is not of h but of what the cell put into `candidate`.
// `processor`: on one, most of U is kept, in memory that is a thread's own.
// `buffered`: what threads hand each other lies in a buffer and not in the workgroup's memory. SwiftShader writes the zeroing
// of that memory out, number by number, and took most of the time of compiling a sweep for it.
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
// factorCount           halves · rows · inner
// partCount             rows · threads, or 1 where the sum goes nowhere
// sweepSteps            steps of the sweep; backward one more where dh_0 is wanted

var<storage, read> recurrentWeight: array<Weight>; // [H, G·H]
#if oneHot
var<storage, read> bias: array<vec4f>; // [G·H]
fn biasAt(at: u32) -> vec4f { return bias[at]; }
#endif

const direct = halves == 2u;

// What a workgroup multiplies, h or dgate of its rows, and its parts of sums.
#if buffered
var<storage, read_write> factor: array<Stored>; // [workgroups, factorCount]
var<storage, read_write> part: array<vec4f>; // [workgroups, partCount]
var<private> group: u32;
fn meet() { storageBarrier(); }
#else
var<workgroup> factor: array<Stored, factorCount>;
var<workgroup> part: array<vec4f, partCount>;
const group = 0u;
fn meet() { workgroupBarrier(); }
#endif

// What is a thread's: its number, in its quad too, its column of products and the first of its slice of what is summed; and
// its vec4f of h, where it has one: in which of the workgroup's rows, and where there. As parameters they would take a
// processor's registers from the products.
var<private> thread: u32;
var<private> lane: u32;
var<private> column: u32;
var<private> first: u32;
var<private> own: u32;
var<private> ownColumn: u32;
// Of the rows that are swept: the batch's row, its length, and whether there is one.
var<private> ownRow: u32;
var<private> ownLength: u32;
var<private> hasElement: bool;

// Where among the factors the products read.
var<private> readAt: u32;
fn turnOver() { if (direct) { readAt = inner - readAt; } }

fn handOn(at: u32, x: Stored) { factor[group * factorCount + select(0u, inner - readAt, direct) + own * inner + at + ownColumn] = x; }

// Whether there is block k of a thread's slice.
fn isInside(k: u32) -> bool { return slices * depth == inner || first + k < inner; }

// Row r of U's block k at the thread's column; of Uᵀ, where U's rows are those columns, column r.
fn rowOfWeight(k: u32, r: u32) -> vec4f {
#if forward
  return vec4f(recurrentWeight[(4u * k + r) * gates * width + column]);
#else
  return vec4f(recurrentWeight[(4u * column + r) * gates * width + k]);
#endif
}

fn blockOf(a: vec4f, b: vec4f, c: vec4f, d: vec4f) -> mat4x4f {
#if forward
  return mat4x4f(a, b, c, d);
#else
  return transpose(mat4x4f(a, b, c, d));
#endif
}

fn blockOfWeight(k: u32) -> mat4x4f {
  return blockOf(rowOfWeight(k, 0u), rowOfWeight(k, 1u), rowOfWeight(k, 2u), rowOfWeight(k, 3u));
}

// What a thread keeps of a row: of halves two in a register, which compilers do not do by themselves.
#if half
alias Row = vec2u;
fn keep(x: vec4f) -> Row { return vec2u(pack2x16float(x.xy), pack2x16float(x.zw)); }
fn kept(x: Row) -> vec4f { return vec4f(unpack2x16float(x.x), unpack2x16float(x.y)); }
#else
alias Row = vec4f;
fn keep(x: vec4f) -> Row { return x; }
fn kept(x: Row) -> vec4f { return x; }
#endif

// Where indices are known when the shader is compiled a GPU has these in registers, and a processor loads them without looking
// where: so the loop over them is written out.
var<private> held: array<Row, 4u * heldBlocks>;

fn heldBlock(k: u32) -> mat4x4f {
  return blockOf(kept(held[4u * k]), kept(held[4u * k + 1u]), kept(held[4u * k + 2u]), kept(held[4u * k + 3u]));
}

// Others of a thread's blocks stay zeros.
fn holdBlock(k: u32) {
  if (k < heldBlocks && isInside(k)) {
    held[4u * k] = keep(rowOfWeight(first + k, 0u));
    held[4u * k + 1u] = keep(rowOfWeight(first + k, 1u));
    held[4u * k + 2u] = keep(rowOfWeight(first + k, 2u));
    held[4u * k + 3u] = keep(rowOfWeight(first + k, 3u));
  }
}
fn hold() {
#if processor
  for (var at = 0u; at < 4u * heldBlocks; at++) { // done once: what compiles sooner is better
#if quads
    let k = (at / 4u) ^ lane;
#else
    let k = at / 4u;
#endif
    if (k < depth && isInside(k)) { held[at] = keep(rowOfWeight(first + k, at % 4u)); }
  }
#else
  holdBlock(0u);
  holdBlock(1u);
  holdBlock(2u);
  holdBlock(3u);
  holdBlock(4u);
  holdBlock(5u);
  holdBlock(6u);
  holdBlock(7u);
#endif
}

fn factorAt(row: u32, k: u32) -> vec4f { return vec4f(factor[group * factorCount + readAt + row * inner + min(first + k, inner - 1u)]); }

var<private> sum: vec4f;

fn addHeld(k: u32, x: vec4f) { if (k < heldBlocks) { sum += heldBlock(k) * x; } }
fn addHeld4(k: u32, row: u32) {
  if (k < heldBlocks) {
#if quads
    let x = factorAt(row, k + lane);
    let y = quadSwapX(x);
    addHeld(k, x);
    addHeld(k + 1u, y);
    addHeld(k + 2u, quadSwapY(x));
    addHeld(k + 3u, quadSwapY(y));
#else
    addHeld(k, factorAt(row, k));
    addHeld(k + 1u, factorAt(row, k + 1u));
    addHeld(k + 2u, factorAt(row, k + 2u));
    addHeld(k + 3u, factorAt(row, k + 3u));
#endif
  }
}
fn addHeld16(k: u32, row: u32) {
  addHeld4(k, row);
  addHeld4(k + 4u, row);
  addHeld4(k + 8u, row);
  addHeld4(k + 12u, row);
}

// What a thread adds to a row's products.
fn share(row: u32) -> vec4f {
  sum = vec4f();
  addHeld16(0u, row);
  addHeld16(16u, row);
  addHeld16(32u, row);
  addHeld16(48u, row);
  for (var k = heldBlocks; k < depth; k++) {
    if (isInside(k)) { sum += blockOfWeight(first + k) * factorAt(row, k); }
  }
  return sum;
}

// Leaves a thread's share for the thread that does the cell's step.
fn leave(row: u32, x: vec4f) {
  if (direct) { sum = x; } else { part[group * partCount + row * threads + thread] = x; }
}

// A product of the thread's own row: the sum of all shares of column `at`.
fn product(at: u32) -> vec4f {
  var total = sum;
  if (!direct) {
    total = vec4f();
    for (var slice = 0u; slice < slices; slice++) { total += part[group * partCount + own * threads + slice * across + at]; }
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

// The sums of its gates but the last.
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

fn fetchRow(i: u32, r: u32, firstRow: u32) {
  arriving[r] = fromInput(min(i, steps - 1u), min(firstRow + r, batch - 1u), select(0u, column, first == 0u));
}
fn fetch(i: u32, firstRow: u32) {
  if (rows == 1u) {
    fetchRow(i, 0u, firstRow);
  } else {
    for (var r = 0u; r < rows; r++) { fetchRow(i, r, firstRow); }
  }
}

fn multiplyRow(r: u32) {
#if apart
  let brings = first == 0u && column < summed * width; // the last gate's is no part of a sum
#else
  let brings = first == 0u;
#endif
  leave(r, share(r) + select(vec4f(), arriving[r], brings));
}

// Keeps the sums that the cell asks for, in `gate` too where its way back does, and q where the cell combines it itself.
fn keepSums(element: Element) {
  for (var g = 0u; g < lastGate; g++) {
    ownSum[g] = product(g * width + ownColumn);
#if sumsRead
    gate[element.gate + g * width] = stored(ownSum[g]);
#endif
  }
#if apart
  candidate[element.time] = stored(product(summed * width + ownColumn) + recurrentBias[ownColumn]);
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

fn cellStep(i: u32, element: Element) {
  var last = product(lastGate * width + ownColumn);
#if second
  last += recurrentBias[ownColumn];
#else
  keepSums(element);
#endif
  let h = stepForward(i, ownLength, element, last);
  ownHidden = vec4f(h);
  handOn(0u, h);
}
#else

fn multiplyRow(r: u32) { leave(r, share(r)); }

var<private> above: vec4f;

// dh after step s − 1, then the gradients of that step, for the products with Uᵀ: of what U multiplied, where that was h.
fn cellStep(s: u32, before: Element) {
  stepBackward(s, ownLength, elementOf(s, ownRow, ownColumn), before, product(ownColumn) + above);
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
  carry[before.own] += cellCandidateBackward(before, product(ownColumn));
  for (var g = 0u; g < summed; g++) { handOn(g * width, gate[before.gate + g * width]); }
  handOn(summed * width, Stored());
}
#endif
#endif

// Of one row, it is written out: its index is known.
fn multiply() {
  if (rows == 1u) {
    multiplyRow(0u);
  } else {
    for (var r = 0u; r < rows; r++) { multiplyRow(r); }
  }
}

// All steps of the rows from `firstRow` on. Where its vec4f of h is, a thread finds out when it needs it, for the same registers.
fn sweepRows(firstRow: u32) {
  ownRow = firstRow + own;
  hasElement = own < rows && ownRow < batch;
  ownLength = u32(lengths[min(ownRow, batch - 1u)]);
#if forward
  if (hasElement) {
    let element = elementOf(0u, ownRow, ownColumn);
    let h = hidden[element.before];
    ownHidden = vec4f(h);
    handOn(0u, h);
#if states
    for (var s = 0u; s < states; s++) { ownState[s] = cellState[stateAt(element, s)]; }
#endif
  }
  fetch(0u, firstRow);
  turnOver();
  meet();
  for (var i = 0u; i < sweepSteps; i++) {
    multiply();
#if second
    meet();
    if (hasElement) { candidateStep(elementOf(i, ownRow, ownColumn)); }
    meet();
    multiply();
#endif
    fetch(i + 1u, firstRow);
    if (!direct) { meet(); }
    if (hasElement) { cellStep(i, elementOf(i, ownRow, ownColumn)); }
    turnOver();
    meet();
  }
#else
  if (hasElement) {
    for (var g = 0u; g < gates; g++) { handOn(g * width, Stored()); } // nothing comes from later than the last step
  }
  turnOver();
  meet();
  for (var n = 0u; n < sweepSteps; n++) {
    let s = steps - n;
    above = fromAbove(s, min(ownRow, batch - 1u), ownLength, ownColumn); // on its way while the products are made
    multiply();
    if (!direct) { meet(); }
    if (hasElement) { cellStep(s, elementOf(s - 1u, ownRow, ownColumn)); }
    turnOver();
    meet();
#if second
    multiply();
    if (!direct) { meet(); }
    if (hasElement && s > 0u) { candidateStep(elementOf(s - 1u, ownRow, ownColumn)); }
    turnOver();
    meet();
#endif
  }
#endif
}

@compute @workgroup_size(threads)
fn sweep(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(local_invocation_index) invocation: u32,
#if quads
  @builtin(subgroup_invocation_id) inSubgroup: u32,
#endif
) {
#if buffered
  group = workgroup.x;
#endif
#if quads
  lane = inSubgroup % 4u;
#endif
  thread = invocation;
  column = min(thread % across, columns - 1u);
  first = thread / across * depth;
  hold();
  own = thread / width;
  ownColumn = thread % width;
  if (turns == 1u) {
    sweepRows(workgroup.x * rows);
  } else {
    for (var turn = 0u; turn < turns; turn++) { sweepRows((turns * workgroup.x + turn) * rows); }
  }
}
